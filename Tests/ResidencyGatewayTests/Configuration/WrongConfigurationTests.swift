import Foundation
import Testing

@testable import ResidencyGateway

/// Each `Fixtures/wrong/NAME.yaml` is a configuration somebody might write, and `NAME.expected` what is said about it.
/// A declaration beside it is named by the configuration.
@Suite("A wrong configuration")
struct WrongConfigurationTests {
    static func names() throws -> [String] {
        let folder = try #require(Bundle.module.url(forResource: "wrong", withExtension: nil, subdirectory: "Fixtures"))
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }
            .sorted()
    }

    @Test("is answered with all its complaints, word for word", arguments: try names())
    func golden(name: String) async throws {
        let folder = try #require(Bundle.module.url(forResource: "wrong", withExtension: nil, subdirectory: "Fixtures"))
        let file = folder.appendingPathComponent(name)
        let expected = try String(
            contentsOf: file.deletingPathExtension().appendingPathExtension("expected"), encoding: .utf8)
        let said = await Self.complaints(of: file).replacing(folder.path + "/", with: "")
        #expect(said + "\n" == expected)
    }

    private static func complaints(of file: URL) async -> String {
        do throws(Complaints) {
            let settings = try ConfigurationFile.load(path: file.path, environment: [:]).configuration
            let declaration = try await DeclarationFile.load(settings.app.declaration, remote: settings.app.remote) {
                _ in
                throw CocoaError(.fileReadUnknown)
            }
            _ = try makeRouterConfiguration(settings, declaration)
            return "(nothing)"
        } catch {
            return error.description
        }
    }
}
