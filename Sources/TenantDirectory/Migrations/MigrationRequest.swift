/// What makes a migration.
package struct MigrationRequest: Sendable {
    package var tenant: TenantID
    package var source: Region
    package var target: Region
    package var kind: MigrationRecord.Kind
    package var mode: MigrationRecord.Mode
    package var trigger: MigrationRecord.Trigger
    package var commit: MigrationRecord.Commit
    /// Milliseconds since 1970; 0 for now.
    package var startAt: Int64
    package var batch: MigrationBatch?
    /// How many may be under way between these two regions for this one to be taken; `nil` for a request that waits
    /// for its turn.
    package var atMost: Int?

    package init(
        tenant: TenantID, source: Region, target: Region, kind: MigrationRecord.Kind = .move,
        mode: MigrationRecord.Mode = .auto, trigger: MigrationRecord.Trigger = .administrator,
        commit: MigrationRecord.Commit = .automatic, startAt: Int64 = 0, batch: MigrationBatch? = nil,
        atMost: Int? = nil
    ) {
        self.tenant = tenant
        self.source = source
        self.target = target
        self.kind = kind
        self.mode = mode
        self.trigger = trigger
        self.commit = commit
        self.startAt = startAt
        self.batch = batch
        self.atMost = atMost
    }
}

/// Which migrations are asked for.
package struct MigrationFilter: Sendable {
    package var tenant: TenantID?
    /// Those alone that are not over.
    package var activeOnly: Bool
    package var batch: String?
    package var limit: Int

    package init(tenant: TenantID? = nil, activeOnly: Bool = false, batch: String? = nil, limit: Int = 100) {
        self.tenant = tenant
        self.activeOnly = activeOnly
        self.batch = batch
        self.limit = limit
    }
}
