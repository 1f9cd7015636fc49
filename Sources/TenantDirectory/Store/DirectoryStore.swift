package import struct Foundation.Date

/// The only door to the disk: every record, placement and audit entry is read and written through it.
///
/// Rules every implementation keeps, and the conformance suite tests:
/// 1. Each call is one transaction; when it returns, what it did survives the death of the process.
/// 2. A change of a record takes the next number of the change feed in the same transaction, as its last statement.
/// 3. An epoch never falls, an alias belongs to one tenant, a secret is sealed before it is written.
/// 4. Each change leaves an audit entry: who, what, when; never a secret, never a person.
///
/// All of them throw ``DirectoryError``.
package protocol DirectoryStore: FeedSource {
    // MARK: Reading

    func tenant(_ key: TenantKey) async throws(DirectoryError) -> Tenant?

    /// Up to `limit` records in the order of their ids, from the one after `after` on: the pages of `tenants list`.
    func tenants(after: TenantID?, limit: Int, filter: TenantFilter) async throws(DirectoryError) -> [Tenant]

    /// How many records there are, by state and by whether they are displaced.
    func counts() async throws(DirectoryError) -> TenantCounts

    /// The number of the last change; 0 for an empty directory.
    func lastSequence() async throws(DirectoryError) -> Int64

    /// Where the change feed ends now: from there on ``FeedSource/feed(after:limit:)`` tells of changes alone.
    func feedEnd() async throws(DirectoryError) -> FeedPosition

    /// A record of the feed with its secrets in clear.
    /// - Throws: `.wrongKey` where its key is not at hand.
    func open(_ record: TenantRecord) throws(DirectoryError) -> Tenant

    /// Tenants of which a node knows more than the directory, at most `limit`; see ``Tenant/disputedEpoch``.
    func disputed(limit: Int) async throws(DirectoryError) -> [TenantID]

    /// The newest audit entries of a tenant, or of all, newest first.
    func audit(of tenant: TenantID?, limit: Int) async throws(DirectoryError) -> [AuditEntry]

    // MARK: Lifecycle

    /// Stores what an `installed` says, beside what is in force: the tenant goes on with its earlier secret until
    /// ``completeInstall(_:attempt:actor:)``. A new tenant is `pending` and placed in `install.region`; a known one,
    /// also one uninstalled less than `reinstallWindow` ago, keeps its placement.
    ///
    /// An install that carries both names joins the two aliases: where each belongs to a tenant of its own, the two
    /// become one under the older id, if both live in the same region (else `.conflict`).
    /// - Returns: the tenant, and the attempt that completes or abandons this install. A later attempt replaces it.
    func beginInstall(_ install: Install, actor: String) async throws(DirectoryError) -> InstallAttempt

    /// The app has answered with 2xx: the stored secret and attributes take effect, and the secret before stays valid
    /// for `keepPreviousFor` seconds.
    /// - Throws: `.conflict` when a later attempt has replaced this one.
    func completeInstall(_ attempt: InstallAttempt, keepPreviousFor: Duration, actor: String)
        async throws(DirectoryError) -> Tenant

    /// The app refused, or could not be reached: what ``beginInstall(_:actor:)`` stored is taken back. A tenant that
    /// had never been installed is removed; an earlier install is as it was.
    func abandonInstall(_ attempt: InstallAttempt, actor: String) async throws(DirectoryError)

    /// `enabled`, `disabled` or `uninstalled`. Repeating it changes nothing.
    func setState(_ state: Tenant.State, of tenant: TenantID, actor: String) async throws(DirectoryError) -> Tenant

    /// A verified Forge call or event of an installation that is not known makes the tenant, `installed`, placed in
    /// `install.region`; where it is known (also by a racing call), nothing changes.
    func recordForgeInstallation(_ install: ForgeInstall, actor: String) async throws(DirectoryError) -> Tenant

    /// Notes the region whose public URL the host called last. No change of placement or epoch; no audit entry.
    func noteHostRealm(_ region: Region, of tenant: TenantID) async throws(DirectoryError) -> Tenant

    // MARK: Disputes

    /// A node knows a tenant with an epoch that the directory has lost, or with the same epoch and another placement:
    /// notes that, so that all nodes refuse the tenant. Without effect where the directory's epoch is higher.
    func dispute(_ tenant: TenantID, knownEpoch: Int64, actor: String) async throws(DirectoryError)

    /// Ends a dispute: the tenant lives in `region`, with an epoch above all that were known.
    /// - Throws: `.conflict` where the tenant is not disputed, or the region is no place.
    func settle(_ tenant: TenantID, in region: Region, actor: String) async throws(DirectoryError) -> Tenant

    // MARK: Bulk

    /// Lets go of tombstones, ids of changes and audit entries that are past their time, a bounded number at once.
    /// - Returns: whether there may be more.
    func prune() async throws(DirectoryError) -> Bool

    /// Adds records in one transaction; see ``ImportedTenant`` for what an existing tenant takes from a line. The
    /// counts tell what became of each.
    func importTenants(_ batch: [ImportedTenant], actor: String) async throws(DirectoryError) -> ImportOutcome
}

/// What `tenants list` can ask for.
package struct TenantFilter: Sendable, Equatable {
    package var region: Region?
    package var state: Tenant.State?
    package var displacedOnly: Bool

    package init(region: Region? = nil, state: Tenant.State? = nil, displacedOnly: Bool = false) {
        self.region = region
        self.state = state
        self.displacedOnly = displacedOnly
    }
}

package struct TenantCounts: Sendable, Equatable {
    package var byState: [Tenant.State: Int]
    package var displaced: Int

    package init(byState: [Tenant.State: Int], displaced: Int) {
        self.byState = byState
        self.displaced = displaced
    }

    package var total: Int { byState.values.reduce(0, +) }
}

/// What an `installed` callback says about a tenant, already verified.
package struct Install: Sendable {
    /// One alias, or two where the payload carries both names.
    package var aliases: [TenantAlias]
    package var secret: Secret
    package var hostBaseURL: String
    package var product: String?
    package var cloudID: String?
    /// Where a new tenant is placed.
    package var region: Region
    /// The region whose public URL was called.
    package var hostRealm: Region
    /// An uninstalled tenant older than this is placed anew.
    package var reinstallWindow: Duration

    package init(
        aliases: [TenantAlias], secret: Secret, hostBaseURL: String, product: String?, cloudID: String?, region: Region,
        hostRealm: Region, reinstallWindow: Duration
    ) {
        self.aliases = aliases
        self.secret = secret
        self.hostBaseURL = hostBaseURL
        self.product = product
        self.cloudID = cloudID
        self.region = region
        self.hostRealm = hostRealm
        self.reinstallWindow = reinstallWindow
    }
}

/// An install that waits for the app's answer.
package struct InstallAttempt: Sendable, Equatable {
    package let tenant: Tenant
    /// Names this attempt among all of the tenant.
    package let attempt: String

    package init(tenant: Tenant, attempt: String) {
        self.tenant = tenant
        self.attempt = attempt
    }
}

/// What a verified Forge token says about an installation.
package struct ForgeInstall: Sendable {
    package var alias: TenantAlias
    package var cloudID: String?
    package var hostBaseURL: String?
    package var product: String?
    package var region: Region
    package var hostRealm: Region

    package init(
        alias: TenantAlias, cloudID: String?, hostBaseURL: String?, product: String?, region: Region, hostRealm: Region
    ) {
        self.alias = alias
        self.cloudID = cloudID
        self.hostBaseURL = hostBaseURL
        self.product = product
        self.region = region
        self.hostRealm = hostRealm
    }
}

/// Who did what to which tenant, and when.
package struct AuditEntry: Sendable, Equatable {
    package let at: Date
    package let tenant: TenantID?
    /// `host`, or the operator's command such as `tenants import`; never a person.
    package let actor: String
    /// `installed`, `secret rotated`, `uninstalled`, `imported` …
    package let action: String
    /// Regions and states before and after, in words; never a secret.
    package let detail: String

    package init(at: Date, tenant: TenantID?, actor: String, action: String, detail: String) {
        self.at = at
        self.tenant = tenant
        self.actor = actor
        self.action = action
        self.detail = detail
    }
}

/// A tenant from a file. For a tenant that is known already an import only fills what is missing: it never changes
/// region, epoch or state, and never replaces a secret.
package struct ImportedTenant: Sendable, Equatable {
    package var aliases: [TenantAlias]
    package var secret: Secret?
    package var region: Region
    package var hostBaseURL: String?
    package var product: String?
    package var cloudID: String?
    package var isUninstalled: Bool

    package init(
        aliases: [TenantAlias], secret: Secret?, region: Region, hostBaseURL: String? = nil, product: String? = nil,
        cloudID: String? = nil, isUninstalled: Bool = false
    ) {
        self.aliases = aliases
        self.secret = secret
        self.region = region
        self.hostBaseURL = hostBaseURL
        self.product = product
        self.cloudID = cloudID
        self.isUninstalled = isUninstalled
    }
}

/// What became of a batch.
package struct ImportOutcome: Sendable, Equatable {
    package var added = 0
    /// Known, and given something that was missing.
    package var completed = 0
    /// Known, and left as they were.
    package var skipped = 0
    /// Known with another secret or another region than the file says: left as they were, and named.
    package var differing: [TenantAlias] = []

    package init() {}
}
