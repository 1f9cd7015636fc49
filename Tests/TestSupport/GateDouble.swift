import Synchronization
package import TenantDirectory

/// The gates of a node in memory: admits what its record allows, and counts.
package final class GateDouble: TenantGates {
    private struct State {
        var tenants: [TenantID: Tenant] = [:]
        var inFlight: [TenantID: Int] = [:]
        var isAlive = true
    }

    private let state = Mutex(State())
    private let seesTraffic: Bool

    /// - Parameter seesTraffic: `false` for a gate that has forgotten what it let in: nothing is waited for.
    package init(seesTraffic: Bool = true) { self.seesTraffic = seesTraffic }

    package func take(_ tenant: Tenant) async {
        state.withLock { state in
            if let known = state.tenants[tenant.id], known.placement.epoch > tenant.placement.epoch { return }
            state.tenants[tenant.id] = tenant
        }
    }

    package func traffic(of tenant: TenantID) async -> TenantTraffic {
        let count = seesTraffic ? state.withLock { $0.inFlight[tenant] ?? 0 } : 0
        var traffic = TenantTraffic()
        for _ in 0..<count { traffic.add(.init(name: "POST /work", age: .milliseconds(1), isSafe: false)) }
        return traffic
    }

    /// A request comes: `noting` is called in the same step where it is admitted at a region.
    /// - Parameter isSafe: it only reads, and passes a stop of the writes.
    package func admit(_ tenant: TenantID, at region: Region, isSafe: Bool = false, noting: () -> Void) -> Bool {
        state.withLock { state in
            guard state.isAlive, let known = state.tenants[tenant], known.placement.region == region,
                known.placement.state == .serving || isSafe && known.placement.state == .moving
            else { return false }
            state.inFlight[tenant, default: 0] += 1
            noting()
            return true
        }
    }

    package func end(_ tenant: TenantID) { state.withLock { $0.inFlight[tenant, default: 1] -= 1 } }

    /// The process is gone: it admits nothing any more.
    package func kill() { state.withLock { $0.isAlive = false } }
}
