/// Bounds of the residency hooks.
struct MigrationHookSettings: Sendable {
    /// The app's stores are declared: without any there is nothing that could be moved.
    var isSupported = true
    /// Migrations between two regions at a time; past it the host is told `E0004`.
    var atOnce = 4
    /// How long a commit waits for the switch. The host asks again after a failure without a code.
    var commitBudget = Duration.seconds(4)
    /// How often the journal is looked at meanwhile.
    var pollInterval = Duration.milliseconds(50)
}
