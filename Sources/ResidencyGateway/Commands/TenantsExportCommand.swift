import ArgumentParser
import Foundation
import TenantDirectory

struct TenantsExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes tenants as lines that `tenants import` reads.",
        discussion: """
            Shared secrets are left out unless --secrets asks for them: whoever has one can speak for the tenant's host.

            EXAMPLES
              residency-gateway tenants export > tenants.ndjson
              (umask 077; residency-gateway tenants export --secrets --output backup.ndjson)
            """)

    @OptionGroup var options: ConfigurationOptions

    @Option(help: "Only tenants whose data is in this region, such as EU.", transform: regionArgument)
    var region: Region?

    @Flag(help: "Write the shared secrets too.")
    var secrets = false

    @Option(name: .shortAndLong, help: "The file to make, readable by its owner alone; standard output without it.")
    var output: String?

    func run() async throws {
        let store = try await ConfiguredStore.openExisting(try options.load())
        defer { store.close() }
        let handle = try file()
        let exporter = TenantExporter(includesSecrets: secrets)
        var after: TenantID?
        while true {
            let page = try await store.tenants(after: after, limit: 1_000, filter: TenantFilter(region: region))
            let lines = page.compactMap { exporter.line($0) }.map { "\($0)\n" }
            try handle.write(contentsOf: Data(lines.joined().utf8))
            guard page.count == 1_000 else { break }
            after = page.last?.id
        }
        if output != nil { try handle.close() }
    }

    private func file() throws -> FileHandle {
        guard let output else { return .standardOutput }
        // Made by nobody before us, so that no one else has it open.
        guard !FileManager.default.fileExists(atPath: output) else {
            throw ValidationError("\(output) is there already; name another file, or remove it.")
        }
        guard
            FileManager.default.createFile(
                atPath: output, contents: nil, attributes: [.posixPermissions: 0o600]),
            let handle = FileHandle(forWritingAtPath: output)
        else { throw ValidationError("\(output) cannot be made.") }
        return handle
    }
}
