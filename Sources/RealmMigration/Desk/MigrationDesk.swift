import Foundation
package import TenantDirectory

/// Where migrations are asked for and asked about, whoever asks: the commands, the host's hooks, an API. It writes into
/// the journal alone; the nodes do the rest, so it works from any machine that reaches the directory.
package struct MigrationDesk: Sendable {
    package typealias Store = MigrationStore & DirectoryStore

    /// What is wanted of a new migration.
    package struct Order: Sendable {
        package var kind = MigrationRecord.Kind.move
        package var mode = MigrationRecord.Mode.auto
        package var commit = MigrationRecord.Commit.automatic
        package var trigger = MigrationRecord.Trigger.administrator
        /// Milliseconds since 1970; 0 for now.
        package var startAt: Int64 = 0
        package var batch: MigrationBatch?

        package init() {}
    }

    private let store: any Store
    private let regions: Set<Region>
    /// Migrations between two regions at a time.
    private let atOnce: Int

    /// - Parameter regions: all there are.
    package init(_ store: any Store, regions: Set<Region>, atOnce: Int) {
        self.store = store
        self.regions = regions
        self.atOnce = atOnce
    }

    // MARK: Asking for

    /// Enters a migration of a tenant from where it is. One that leads back to where the tenant came from, before the
    /// purge there, is the return of that migration (H2).
    /// - Throws: `.conflict` where it cannot be; the host is told `E0004` where there is no room.
    package func start(_ id: TenantID, to target: Region, _ order: Order, actor: String) async throws(DirectoryError)
        -> MigrationRecord
    {
        guard regions.contains(target) else {
            throw DirectoryError(
                .conflict,
                "\(target) is not among the regions: \(regions.map(\.code).sorted().joined(separator: ", ")).")
        }
        guard let tenant = try await store.tenant(.id(id)) else {
            throw DirectoryError(.unknownTenant, "There is no tenant \(id). `tenants list` shows those there are.")
        }
        if order.kind == .move, let last = try await active(id), last.phase == .committed, !last.isReturn,
            last.source == target
        {
            return try await store.wish(.return, of: last.id, actor: actor)
        }
        let isHosts = if case .host = order.trigger { true } else { false }
        return try await store.createMigration(
            MigrationRequest(
                tenant: id, source: tenant.placement.region, target: target, kind: order.kind, mode: order.mode,
                trigger: order.trigger, commit: order.commit, startAt: order.startAt, batch: order.batch,
                atMost: isHosts ? atOnce : nil),
            actor: actor)
    }

    package func commit(_ id: String, actor: String) async throws(DirectoryError) -> MigrationRecord {
        try await store.wish(.commit, of: id, actor: actor)
    }

    package func cancel(_ id: String, actor: String) async throws(DirectoryError) -> MigrationRecord {
        try await store.wish(.cancel, of: id, actor: actor)
    }

    /// Brings the tenant back: before the switch by a cancel, after it by a return. For a host that rolls back,
    /// whatever it has heard of its commit.
    package func rollBack(_ id: String, actor: String) async throws(DirectoryError) -> MigrationRecord {
        do throws(DirectoryError) { return try await store.wish(.cancel, of: id, actor: actor) } catch {
            guard error.code == .conflict else { throw error }
            // It was switched, perhaps a moment ago.
            return try await store.wish(.return, of: id, actor: actor)
        }
    }

    package func bringBack(_ id: String, actor: String) async throws(DirectoryError) -> MigrationRecord {
        try await store.wish(.return, of: id, actor: actor)
    }

    package func purge(_ id: String, actor: String) async throws(DirectoryError) -> MigrationRecord {
        try await store.wish(.purge, of: id, actor: actor)
    }

    // MARK: Asking about

    package func migration(_ id: String) async throws(DirectoryError) -> MigrationRecord? {
        try await store.migration(id)
    }

    package func list(_ filter: MigrationFilter) async throws(DirectoryError) -> [MigrationRecord] {
        try await store.migrations(filter)
    }

    /// The migration of a tenant that is not over; plans do not count.
    package func active(_ tenant: TenantID) async throws(DirectoryError) -> MigrationRecord? {
        try await store.migrations(MigrationFilter(tenant: tenant, activeOnly: true)).first { $0.kind != .plan }
    }

    /// The newest of a tenant, plans left out.
    package func newest(_ tenant: TenantID) async throws(DirectoryError) -> MigrationRecord? {
        try await store.migrations(MigrationFilter(tenant: tenant)).first { $0.kind != .plan }
    }

    /// The one that the host knows by this name.
    package func hosts(_ hostID: String, of tenant: TenantID) async throws(DirectoryError) -> MigrationRecord? {
        try await store.migrations(MigrationFilter(tenant: tenant)).first { record in
            if case .host(hostID, _) = record.trigger { true } else { false }
        }
    }

    /// Whether a receipt was written by a gateway of this directory, and not changed since.
    package func isGenuine(_ receipt: SignedReceipt) -> Bool {
        store.isSigned(receipt.signedText, by: receipt.signature)
    }
}

extension MigrationRecord {
    /// What its holder has written of how far it is.
    package var decodedProgress: MigrationProgress {
        (try? JSONDecoder().decode(MigrationProgress.self, from: Data(progress.utf8))) ?? MigrationProgress()
    }

    /// What was found of both sides; `nil` before they were looked at.
    package var plan: MigrationPlanReport? {
        try? JSONDecoder().decode(MigrationPlanReport.self, from: Data(findings.utf8))
    }

    /// `nil` before there is one.
    package var signedReceipt: SignedReceipt? { SignedReceipt(receipt) }
}
