/// A store whose calls are transactions of ``StoreSession``: it says how one is run, and has all that
/// ``DirectoryStore`` asks for.
protocol SessionStore: DirectoryStore, NodeRegistry, HoldStore, MigrationStore {
    var sealer: SecretSealer { get }

    /// Runs a transaction that changes nothing.
    func read<Value: Sendable>(_ body: @escaping @Sendable (StoreSession) throws -> Value)
        async throws(DirectoryError) -> Value

    /// Runs a transaction that may change records; it is on disk when the call returns.
    func write<Value: Sendable>(_ body: @escaping @Sendable (StoreSession) throws -> Change<Value>)
        async throws(DirectoryError) -> Value
}

extension SessionStore {
    // MARK: Reading

    package func tenant(_ key: TenantKey) async throws(DirectoryError) -> Tenant? {
        try await read { try $0.record(key)?.opened($0.sealer) }
    }

    package func tenants(after: TenantID?, limit: Int, filter: TenantFilter) async throws(DirectoryError) -> [Tenant] {
        try await read { try $0.tenants(after: after, limit: limit, filter: filter) }
    }

    package func counts() async throws(DirectoryError) -> TenantCounts {
        try await read { try $0.counts() }
    }

    package func feed(after position: FeedPosition?, limit: Int) async throws(DirectoryError) -> FeedAnswer {
        try await read { try $0.feed(after: position, limit: limit) }
    }

    package func feedEnd() async throws(DirectoryError) -> FeedPosition {
        try await read { try $0.feedEnd() }
    }

    package func open(_ record: TenantRecord) throws(DirectoryError) -> Tenant { try record.opened(sealer) }

    package func disputed(limit: Int) async throws(DirectoryError) -> [TenantID] {
        try await read { try $0.disputed(limit: limit) }
    }

    package func lastSequence() async throws(DirectoryError) -> Int64 {
        try await read { try $0.lastSequence() }
    }

    package func audit(of tenant: TenantID?, limit: Int) async throws(DirectoryError) -> [AuditEntry] {
        try await read { try $0.auditEntries(of: tenant, limit: limit) }
    }

    // MARK: Keys

    package func sealingKeys() async throws(DirectoryError) -> [SealingKeyUse] {
        try await read { try $0.sealingKeys() }
    }

    package func reseal(_ part: ResealedBatch.Part, after: TenantID?, limit: Int, actor: String)
        async throws(DirectoryError) -> ResealedBatch
    {
        try await write { try $0.reseal(part, after: after, limit: limit, actor: actor) }
    }

    package func retireKeys() async throws(DirectoryError) -> [String] { try await write { try $0.retireKeys() } }

    // MARK: Lifecycle

    package func beginInstall(_ install: Install, actor: String) async throws(DirectoryError) -> InstallAttempt {
        try StoreSession.check(install.region)
        return try await write { try $0.beginInstall(install, actor: actor) }
    }

    package func completeInstall(_ attempt: InstallAttempt, keepPreviousFor: Duration, actor: String)
        async throws(DirectoryError) -> Tenant
    {
        let milliseconds = keepPreviousFor.milliseconds
        return try await write {
            try $0.completeInstall(attempt, keepPreviousFor: milliseconds, actor: actor)
        }
    }

    package func abandonInstall(_ attempt: InstallAttempt, actor: String) async throws(DirectoryError) {
        try await write { try $0.abandonInstall(attempt, actor: actor) }
    }

    package func setState(_ state: Tenant.State, of tenant: TenantID, actor: String)
        async throws(DirectoryError) -> Tenant
    {
        try await write { try $0.setState(state, of: tenant, actor: actor) }
    }

    package func recordForgeInstallation(_ install: ForgeInstall, actor: String) async throws(DirectoryError) -> Tenant
    {
        try StoreSession.check(install.region)
        return try await write { try $0.recordForgeInstallation(install, actor: actor) }
    }

    package func noteHostRealm(_ region: Region, of tenant: TenantID) async throws(DirectoryError) -> Tenant {
        try await write { try $0.noteHostRealm(region, of: tenant) }
    }

    // MARK: Disputes and pruning

    package func dispute(_ tenant: TenantID, knownEpoch: Int64, actor: String) async throws(DirectoryError) {
        try await write { try $0.dispute(tenant, knownEpoch: knownEpoch, actor: actor) }
    }

    package func settle(_ tenant: TenantID, in region: Region, actor: String) async throws(DirectoryError) -> Tenant {
        try StoreSession.check(region)
        return try await write { try $0.settle(tenant, in: region, actor: actor) }
    }

    package func prune() async throws(DirectoryError) -> Bool {
        try await write { try $0.prune() }
    }

    package func importTenants(_ batch: [ImportedTenant], actor: String) async throws(DirectoryError) -> ImportOutcome {
        for line in batch { try StoreSession.check(line.region) }
        return try await write { try $0.importTenants(batch, actor: actor) }
    }
}
