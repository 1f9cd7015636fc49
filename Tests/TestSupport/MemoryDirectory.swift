import FoundationEssentials
import RegionRouter
import Synchronization
package import TenantDirectory

/// Tenants in memory, as the router asks for them.
package final class MemoryDirectory: PlacementLookup, TenantReports {
    private struct State {
        var tenants: [TenantID: Tenant]
        var loads = 0
        var hostRealms: [TenantID: Region] = [:]
        var awaitingRealm: [TenantID: [CheckedContinuation<Region, Never>]] = [:]
        var isAway = false
        var isMirrored = false
        var listeners: [AsyncStream<TenantChange>.Continuation] = []
    }

    private let state: Mutex<State>

    package init(_ tenants: [Tenant]) {
        state = Mutex(State(tenants: Dictionary(tenants.map { ($0.id, $0) }) { first, _ in first }))
    }

    /// How often it has been asked.
    package var loads: Int { state.withLock { $0.loads } }
    package var hostRealms: [TenantID: Region] { state.withLock { $0.hostRealms } }

    /// While it is away every question fails.
    /// - Parameter isMirrored: what it holds is known all the same, as by a node's mirror; only what is asked past that
    ///   fails.
    package func setAway(_ isAway: Bool, isMirrored: Bool = false) {
        state.withLock { ($0.isAway, $0.isMirrored) = (isAway, isMirrored) }
    }

    /// Puts a record in, and tells those who listen.
    package func put(_ tenant: Tenant, tell: Bool = true) {
        let listeners = state.withLock { state in
            state.tenants[tenant.id] = tenant
            return state.listeners
        }
        if tell { for listener in listeners { listener.yield(.changed(tenant)) } }
    }

    package func tenant(_ key: TenantKey) async throws(DirectoryError) -> Tenant? {
        try find(key, fresh: false)
    }

    package func freshTenant(_ key: TenantKey) async throws(DirectoryError) -> Tenant? { try find(key, fresh: true) }

    private func find(_ key: TenantKey, fresh: Bool) throws(DirectoryError) -> Tenant? {
        let (isAway, found) = state.withLock { state in
            state.loads += 1
            let found = state.tenants.values.first { tenant in
                switch key {
                case .alias(let alias): tenant.aliases.contains(alias)
                case .id(let id): tenant.id == id
                }
            }
            return (state.isAway && (fresh || !state.isMirrored || found == nil), found)
        }
        if isAway { throw DirectoryError(.unavailable, "away") }
        return found
    }

    package func changes() -> AsyncStream<TenantChange> {
        let (stream, continuation) = AsyncStream.makeStream(of: TenantChange.self)
        state.withLock { $0.listeners.append(continuation) }
        return stream
    }

    package func forgeInstallation(_ install: ForgeInstall) async throws(DirectoryError) -> Tenant {
        if let known = try await tenant(.alias(install.alias)) { return known }
        let tenant = Tenant(
            id: .random(), aliases: [install.alias], state: .installed,
            placement: Placement(region: install.region, epoch: 1, state: .serving), hostRealm: install.hostRealm,
            hostBaseURL: install.hostBaseURL, cloudID: install.cloudID, sequence: 2, installedAt: .distantPast,
            updatedAt: .distantPast)
        put(tenant)
        return tenant
    }

    package func hostRealm(_ region: Region, of tenant: TenantID) async {
        let waiting = state.withLock { state in
            state.hostRealms[tenant] = region
            return state.awaitingRealm.removeValue(forKey: tenant) ?? []
        }
        for continuation in waiting { continuation.resume(returning: region) }
    }

    /// The region that the host was reported to call for a tenant; waits for the first report.
    package func reportedRealm(of tenant: TenantID) async -> Region {
        await withCheckedContinuation { continuation in
            let known = state.withLock { state in
                if state.hostRealms[tenant] == nil { state.awaitingRealm[tenant, default: []].append(continuation) }
                return state.hostRealms[tenant]
            }
            if let known { continuation.resume(returning: known) }
        }
    }
}
