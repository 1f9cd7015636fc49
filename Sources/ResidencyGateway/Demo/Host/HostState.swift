import Foundation
import TenantDirectory

/// What the simulator remembers between two commands: its key pairs and its sites. Kept in a small JSON file that only
/// its owner can read.
struct HostState: Sendable {
    var installKeys: HostKeyPair
    var forgeKeys: HostKeyPair
    var sites: [HostSite] = []

    static func random() throws -> HostState {
        HostState(installKeys: try .random(), forgeKeys: try .random())
    }

    func site(_ name: String) -> HostSite? { sites.first { $0.name == name } }

    /// Adds a site, or replaces the one of its name.
    mutating func keep(_ site: HostSite) {
        sites.removeAll { $0.name == site.name }
        sites.append(site)
    }

    // MARK: File

    private struct File: Codable {
        struct Pair: Codable {
            let kid: String
            let privateKey: String
        }

        let installKeys: Pair
        let forgeKeys: Pair
        let sites: [HostSite]
    }

    /// Reads the file, or makes a new state where there is none.
    /// - Throws: ``HostError`` for a file that is not of ours.
    static func load(_ path: String) throws -> HostState {
        guard FileManager.default.fileExists(atPath: path) else { return try .random() }
        let file: File
        do {
            file = try JSONDecoder().decode(File.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw HostError("\(path) is not a state file of the simulator; name another with --state, or remove it")
        }
        guard let install = pair(file.installKeys), let forge = pair(file.forgeKeys) else {
            throw HostError("\(path) holds a key that cannot be read; remove the file to start anew")
        }
        return HostState(installKeys: install, forgeKeys: forge, sites: file.sites)
    }

    /// Writes the file as a whole, or not at all.
    func save(_ path: String) throws {
        guard let install = installKeys.key.privatePEM(), let forge = forgeKeys.key.privatePEM() else {
            throw HostError("the simulator's keys cannot be written")
        }
        let file = File(
            installKeys: File.Pair(kid: installKeys.kid, privateKey: install),
            forgeKeys: File.Pair(kid: forgeKeys.kid, privateKey: forge), sites: sites)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            try encoder.encode(file).write(to: URL(fileURLWithPath: path), options: .atomic)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        } catch {
            throw HostError("\(path) cannot be written: \(error.localizedDescription)")
        }
    }

    private static func pair(_ pair: File.Pair) -> HostKeyPair? {
        RSAPrivateKey(privatePEM: Array(pair.privateKey.utf8)).map { HostKeyPair(kid: pair.kid, key: $0) }
    }
}
