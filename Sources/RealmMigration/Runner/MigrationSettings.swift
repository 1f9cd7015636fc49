/// Bounds of the migrations of a node.
package struct MigrationSettings: Sendable {
    package var rules = MigrationRules()
    /// Migrations that may run between two regions at a time.
    package var atOnce = 4
    /// Lanes of one migration that are copied side by side.
    package var lanesAtOnce = 4
    /// Copied by one migration; 0 for no bound.
    package var bytesPerSecond = 32 << 20
    /// What a pause may take, for a migration to count as ready.
    package var pauseBudget = Duration.milliseconds(500)
    /// From the gate to the decision; past it the cutover is given up.
    package var deadline = Duration.seconds(2)
    /// How long the writes of a tenant that is moved offline may stand still for the copy.
    package var offlineBudget = Duration.seconds(600)
    /// In-flight requests and the transactions of the tenant are waited for so long.
    package var drainBudget = Duration.milliseconds(500)
    package var cutoverWindow = Duration.seconds(30)
    package var passOverSilent = false
    /// Rows that one statement of a purge deletes.
    package var purgeRows: Int64 = 5_000
    /// How often the journal is looked at for what there is to do.
    package var pollInterval = Duration.milliseconds(500)
    /// A sign of life of who works on a migration.
    package var beatInterval = Duration.seconds(1)
    /// Without a sign of life for so long a lease is over.
    package var leaseTimeout = Duration.seconds(10)

    /// How often it is looked whether the stores still say what was decided (H32).
    package var recallInterval = Duration.seconds(60)

    package init() {}
}
