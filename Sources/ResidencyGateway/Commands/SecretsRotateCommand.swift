import ArgumentParser
import TenantDirectory

struct SecretsRotateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Seals all secrets with the current key, while gateways serve.",
        discussion: """
            Before it, every node must have the new key and seal with it (secrets.current). It can be interrupted and
            repeated at any time; at its end it says which keys no node needs any more.

            EXAMPLES
              residency-gateway secrets rotate --config gateway.yaml
              residency-gateway secrets rotate --json
            """)

    @OptionGroup var options: ConfigurationOptions

    @Flag(help: "JSON objects, one a line: progress, then the outcome.")
    var json = false

    func run() async throws {
        let store = try await ConfiguredStore.openExisting(try options.load())
        defer { store.close() }
        let before = try await store.sealingKeys()
        // Records have one or two secrets; the number of secrets is never below that of records.
        let total = before.filter { !$0.isCurrent }.map(\.total).reduce(0, +)
        let bar = ProgressBar(total: total, what: "secrets")
        let isTerminal = Console.isErrorTerminal && !json
        bar.show(0)
        defer { bar.end() }
        let outcome = try await SecretRotation(store).run(actor: "secrets rotate") { done in
            if isTerminal { bar.show(done) } else { tell(done, of: total) }
        }
        bar.end()
        report(outcome)
        if !outcome.failed.isEmpty { throw ExitCode(1) }
    }

    /// A line a batch, for logs and programs.
    private func tell(_ done: Int, of total: Int) {
        if json {
            write(["event": "progress", "done": .number(done), "total": .number(total)])
        } else {
            Console.write("\(done) of at most \(total) records")
        }
    }

    private func report(_ outcome: SecretRotation<ContinuousClock>.Outcome) {
        let inUse = outcome.keys.filter { !$0.isCurrent && $0.total > 0 }
        guard !json else {
            return write([
                "event": "rotated", "resealed": .number(outcome.resealed),
                "failed": .array(outcome.failed.map { .text("\($0)") }),
                "retired": .array(outcome.retired.map(JSONValue.text)),
                "inUse": .array(inUse.map { .text($0.id) }),
            ])
        }
        Console.write("\(outcome.resealed) records sealed with the current key")
        for id in outcome.failed.prefix(20) {
            Console.write("  the secret of \(id) does not open and was left as it is; have the site reinstall the app")
        }
        if outcome.failed.count > 20 { Console.write("  and \(outcome.failed.count - 20) more; --json names all") }
        for id in outcome.retired { Console.write("The key \(id) is in use no more: take it out of secrets.keys.") }
        for key in inUse {
            Console.write(
                "The key \(key.id) still seals \(key.total): a node seals with it. Set secrets.current there, restart "
                    + "it, and repeat.")
        }
    }

    private func write(_ value: JSONValue) { Console.write(String(decoding: value.bytes, as: UTF8.self)) }
}
