import Foundation
import TenantDirectory

/// Writes to a directory until it is killed, and prints a line for each write once it is acknowledged:
/// `installed NAME SECRET`, `pending NAME`, `uninstalled NAME`, `imported FIRST COUNT`.
///
/// Usage: `StoreWriter FILE-OR-URL ROUND`
@main
struct StoreWriter {
    static func main() async throws {
        guard CommandLine.arguments.count == 3, let ring = KeyRing(key: [UInt8](repeating: 7, count: 32)),
            let region = Region("EU")
        else { exit(64) }
        let store = try open(CommandLine.arguments[1], SecretSealer(ring))
        let round = CommandLine.arguments[2]
        var number = 0
        while true {
            number += 1
            let name = "\(round)-\(number)"
            let secret = "secret-\(round)-\(number)"
            let alias = TenantAlias(.connect, app: "app", name: name)
            let install = Install(
                aliases: [alias], secret: Secret(secret), hostBaseURL: "https://a.example", product: nil, cloudID: nil,
                region: region, hostRealm: region, reinstallWindow: .seconds(60))
            let attempt = try await store.beginInstall(install, actor: "host")
            acknowledge("pending \(name)")
            let tenant = try await store.completeInstall(attempt, keepPreviousFor: .seconds(60), actor: "host")
            acknowledge("installed \(name) \(secret)")
            if number.isMultiple(of: 3) {
                _ = try await store.setState(.uninstalled, of: tenant.id, actor: "host")
                acknowledge("uninstalled \(name)")
            }
            if number.isMultiple(of: 5) {
                let lines = (0..<100).map { index in
                    ImportedTenant(
                        aliases: [TenantAlias(.connect, app: "app", name: "\(name)-\(index)")], secret: Secret(secret),
                        region: region)
                }
                _ = try await store.importTenants(lines, actor: "import")
                acknowledge("imported \(name) 100")
            }
        }
    }

    private static func open(_ place: String, _ sealer: SecretSealer) throws -> any DirectoryStore {
        guard place.hasPrefix("postgresql:") else { return try SQLiteStore(path: place, sealer: sealer) }
        var settings = PostgresSettings(url: place)
        // It ends when it is killed, and not because the machine is busy.
        (settings.statementTimeout, settings.lockTimeout) = (.seconds(60), .seconds(60))
        return try PostgresStore(settings, sealer: sealer)
    }

    /// In one write, past every buffer: a line that the test reads was acknowledged.
    private static func acknowledge(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }
}
