import ArgumentParser
import TenantDirectory

struct SecretsStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Shows how many secrets are sealed with which key.",
        discussion: """
            EXAMPLES
              residency-gateway secrets status --config gateway.yaml
              residency-gateway secrets status --json | jq -r 'select(.secrets > 0) | .name'
            """)

    @OptionGroup var options: ConfigurationOptions

    @Flag(help: "One JSON object a line.")
    var json = false

    func run() async throws {
        let store = try await ConfiguredStore.openExisting(try options.load())
        defer { store.close() }
        for line in Self.lines(of: try await store.sealingKeys(), json: json) { Console.write(line) }
    }

    static func lines(of keys: [SealingKeyUse], json: Bool) -> [String] {
        guard !json else { return keys.map { String(decoding: object($0).bytes, as: UTF8.self) } }
        var table = TextTable(["KEY", "NAME", "SEALS", "SECRETS", "EARLIER SECRETS", "INSTALLS UNDER WAY"])
        for key in keys {
            table.add([
                key.id, key.name ?? "(not here)", key.isCurrent ? "yes" : "no", "\(key.secrets)",
                "\(key.previousSecrets)", "\(key.pendingSecrets)",
            ])
        }
        return table.lines(style: .standardOutput)
    }

    static func object(_ key: SealingKeyUse) -> JSONValue {
        var members: [String: JSONValue] = [
            "key": .text(key.id), "isCurrent": .bool(key.isCurrent), "secrets": .number(key.secrets),
            "previousSecrets": .number(key.previousSecrets), "pendingSecrets": .number(key.pendingSecrets),
        ]
        if let name = key.name { members["name"] = .text(name) }
        return .object(members)
    }
}
