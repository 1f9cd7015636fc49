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
        let store = try ConfiguredStore.openExisting(try options.load())
        defer { store.close() }
        let handle = try file()
        var after: TenantID?
        while true {
            let page = try await store.tenants(after: after, limit: 1_000, filter: TenantFilter(region: region))
            var text: [UInt8] = []
            for tenant in page { text += line(tenant).bytes + [UInt8(ascii: "\n")] }
            try handle.write(contentsOf: Data(text))
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

    private func line(_ tenant: Tenant) -> JSONValue {
        var members: [String: JSONValue] = ["region": .text(tenant.placement.region.code)]
        if let connect = tenant.alias(.connect) { members["clientKey"] = .text(connect.name) }
        if let forge = tenant.alias(.forge) { members["installationId"] = .text(forge.name) }
        if secrets, let secret = tenant.secret {
            members["sharedSecret"] = .text(String(decoding: secret.bytes, as: UTF8.self))
        }
        if let url = tenant.hostBaseURL { members["baseUrl"] = .text(url) }
        if let product = tenant.product { members["productType"] = .text(product) }
        if let cloudID = tenant.cloudID { members["cloudId"] = .text(cloudID) }
        if tenant.state == .uninstalled { members["uninstalled"] = true }
        return .object(members)
    }
}
