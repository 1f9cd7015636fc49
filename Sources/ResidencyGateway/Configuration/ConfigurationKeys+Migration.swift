import RealmMigration

extension ConfigurationKey {
    /// What there is to move.
    static let stores: [ConfigurationKey] = [
        .entries(
            "stores", \.stores, fields: StoreEntry.fields, lists: StoreEntry.lists,
            "What the app keeps by tenant: kind `postgres`, `http`, or `none` with a `reason`. "
                + "A URL `$NAME` is an environment variable's.", make: StoreEntry.read)
    ]

    /// How a move is bounded.
    static let migration: [ConfigurationKey] = [
        .scalar(
            "migration.atOnce", \.migration.atOnce, .integer(1...1_000),
            "Migrations that may run between two regions at a time; others wait, and the host is told E0004."),
        .scalar(
            "migration.lanes", \.migration.lanesAtOnce, .integer(1...64),
            "Tables of one migration that are copied side by side."),
        .scalar(
            "migration.bytesPerSecond", \.migration.bytesPerSecond, .bytes(0...(1 << 40)),
            "What one migration copies in a second; 0 for no bound."),
        .scalar(
            "migration.pauseBudget", \.migration.pauseBudget, .duration(.milliseconds(10) ... .seconds(60)),
            "A live migration is ready once what is left follows within this."),
        .scalar(
            "migration.deadline", \.migration.deadline, .duration(.milliseconds(100) ... .seconds(60)),
            "From the closing of the gate to the decision; past it the tenant stays for now."
        ),
        .scalar(
            "migration.offlineBudget", \.migration.offlineBudget, .duration(.seconds(1) ... .seconds(86_400)),
            "How long the tenant's writes may stand still for the copy of a move that is not live."),
        .scalar(
            "migration.drainBudget", \.migration.drainBudget, .duration(.milliseconds(10) ... .seconds(60)),
            "How long the pause waits for requests and transactions under way."),
        .scalar(
            "migration.cutoverWindow", \.migration.cutoverWindow, .duration(.seconds(1) ... .seconds(3_600)),
            "How long a moment without old requests is waited for before the gate closes."),
        .scalar(
            "migration.passOverSilent", \.migration.passOverSilent, .boolean,
            "Whether nodes that do not answer are passed over, where the store refuses the tenant's writes by itself."),
        .scalar(
            "migration.cutovers", \.migration.rules.cutovers, .integer(1...100),
            "Cutovers that are given up before the migration is rolled back."),
        .scalar(
            "migration.purgeDelay", \.migration.rules.purgeDelay, .duration(.seconds(60) ... .seconds(365 * 86_400)),
            "How long the old region keeps the rows after the switch; longer than `mirror.maxAge`."),
        .scalar(
            "migration.leaseTimeout", \.migration.leaseTimeout, .duration(.seconds(3) ... .seconds(600)),
            "A node that works on a migration and shows no sign of life for so long is taken over from."),
    ]
}
