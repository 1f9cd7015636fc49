import Foundation
import Yams

/// Reads a declaration from a file or from the running app.
enum DeclarationFile {
    /// Fetches the bytes of a URL, bounded in size and time; its error is shown.
    typealias Fetch = @Sendable (_ url: String) async throws -> [UInt8]

    /// - Parameters:
    ///   - location: a path, or a URL.
    ///   - remote: the key of the Forge remote that stands for the gateway, where the manifest has several.
    /// - Throws: ``Complaints`` with everything that is wrong with it.
    static func load(
        _ location: String, remote: String?, fetch: Fetch
    ) async throws(Complaints) -> Declaration {
        guard location.hasPrefix("http://") || location.hasPrefix("https://") else {
            guard let data = FileManager.default.contents(atPath: location) else {
                throw Complaints(
                    .file(location), "", "cannot be read; app.declaration must be the app's descriptor or manifest")
            }
            return try read(try ConfigurationFile.text(of: data, file: location), source: location, remote: remote)
        }
        let bytes: [UInt8]
        do {
            bytes = try await fetch(location)
        } catch {
            throw Complaints(
                .file(location), "",
                "cannot be fetched: \(error); start the app first, or give its descriptor as a file")
        }
        let text = try ConfigurationFile.text(of: Data(bytes), file: location)
        return try read(text, source: location, remote: remote)
    }

    /// Reads a declaration's text: a Forge manifest where it has `app` or `remotes`, else a Connect descriptor.
    static func read(_ text: String, source: String, remote: String?) throws(Complaints) -> Declaration {
        let text = JSONText.isJSON(text) ? JSONText.withoutSurrogates(text) : text
        guard let root = try ConfigurationFile.root(of: text, file: source), case .mapping = root else {
            throw Complaints(
                .file(source), "", "must be the mapping of a Connect descriptor or a Forge manifest, and is none")
        }
        var reader = DeclarationReader(source: source, text: text)
        guard reader.isBounded(root) else {
            throw Complaints(.file(source), "", "has more than \(DeclarationReader.maximumNodes) values")
        }
        let isForge = root["remotes"] != nil || root["app"]?.mapping != nil
        let declaration = isForge ? reader.forge(root, remote: remote) : reader.connect(root)
        guard reader.complaints.isEmpty, let declaration else { throw Complaints(reader.complaints) }
        return declaration
    }
}
