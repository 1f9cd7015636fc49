package import TenantDirectory

/// A store that cannot be reached.
package struct AwayStore: DirectoryStore {
    package init() {}

    private var away: DirectoryError { DirectoryError(.unavailable, "The store is away.") }

    package func tenant(_ key: TenantKey) async throws(DirectoryError) -> Tenant? { throw away }

    package func tenants(
        after: TenantID?, limit: Int, filter: TenantFilter
    ) async throws(DirectoryError) -> [Tenant] { throw away }

    package func counts() async throws(DirectoryError) -> TenantCounts { throw away }

    package var name: String { "away" }

    package func feed(after position: FeedPosition?, limit: Int) async throws(DirectoryError) -> FeedAnswer {
        throw away
    }

    package func lastSequence() async throws(DirectoryError) -> Int64 { throw away }

    package func feedEnd() async throws(DirectoryError) -> FeedPosition { throw away }

    package func open(_ record: TenantRecord) throws(DirectoryError) -> Tenant { throw away }

    package func disputed(limit: Int) async throws(DirectoryError) -> [TenantID] { throw away }

    package func dispute(_ tenant: TenantID, knownEpoch: Int64, actor: String) async throws(DirectoryError) {
        throw away
    }

    package func settle(_ tenant: TenantID, in region: Region, actor: String) async throws(DirectoryError) -> Tenant {
        throw away
    }

    package func prune() async throws(DirectoryError) -> Bool { throw away }

    package func audit(of tenant: TenantID?, limit: Int) async throws(DirectoryError) -> [AuditEntry] { throw away }

    package func beginInstall(_ install: Install, actor: String) async throws(DirectoryError) -> InstallAttempt {
        throw away
    }

    package func completeInstall(
        _ attempt: InstallAttempt, keepPreviousFor: Duration, actor: String
    ) async throws(DirectoryError) -> Tenant { throw away }

    package func abandonInstall(_ attempt: InstallAttempt, actor: String) async throws(DirectoryError) { throw away }

    package func setState(
        _ state: Tenant.State, of tenant: TenantID, actor: String
    ) async throws(DirectoryError) -> Tenant { throw away }

    package func recordForgeInstallation(
        _ install: ForgeInstall, actor: String
    ) async throws(DirectoryError) -> Tenant { throw away }

    package func noteHostRealm(_ region: Region, of tenant: TenantID) async throws(DirectoryError) -> Tenant {
        throw away
    }

    package func importTenants(_ batch: [ImportedTenant], actor: String) async throws(DirectoryError) -> ImportOutcome {
        throw away
    }
}
