import ArgumentParser

/// `secrets …`: the keys that the tenants' secrets are sealed with.
struct SecretsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secrets",
        abstract: "Shows the keys that the tenants' secrets are sealed with, and changes them.",
        discussion: """
            A new key, step by step: add it to secrets.keys on every node and restart them one by one; name it in
            secrets.current on every node and restart them again; run `secrets rotate` once; take the old key out.

            EXAMPLES
              residency-gateway secrets status
              residency-gateway secrets rotate
            """,
        subcommands: [SecretsStatusCommand.self, SecretsRotateCommand.self])
}
