import Synchronization
package import TenantDirectory

/// All event loops of a router, to be told something from elsewhere; and so its gates.
///
/// Brings a change that this node has made to all event loops before the caller goes on: who is told that an install is
/// done, and calls at once, must not meet a loop that still knows the state before.
package final class EveryLoop: TenantGates {
    private let loops = Mutex<RouterLoops?>(nil)

    /// What the router knows of its servers.
    private let status: Mutex<@Sendable () -> [UpstreamStatus]> = Mutex({ [] })

    /// Whether the router has ended while app instances may have been working on requests of tenants.
    private let endedAtWork = Atomic<Bool>(false)

    /// For a router that is yet to be made.
    package init() {}

    /// The loops, while the router serves; `nil` once it has ended, which also lets go of them.
    func set(_ loops: RouterLoops?) { self.loops.withLock { $0 = loops } }

    /// The loops, while the router serves.
    var current: RouterLoops? { loops.withLock { $0 } }

    /// Requests were cut at the end that app instances may still be working on.
    package var leavesWork: Bool { endedAtWork.load(ordering: .relaxed) }

    func noteWorkLeft() { endedAtWork.store(true, ordering: .relaxed) }

    /// How the router's servers are is asked here from now on.
    func describe(by status: @escaping @Sendable () -> [UpstreamStatus]) { self.status.withLock { $0 = status } }

    /// What is known of the router's app instances and peers; nothing before it has been made.
    package var upstreams: [UpstreamStatus] { status.withLock { $0 }() }

    /// Has every loop take a record, and waits until all have: then the gates are as it says.
    package func take(_ tenant: Tenant) async { await current?.applied(.changed(tenant)) }

    /// What of the tenant is in flight on this node.
    package func traffic(of tenant: TenantID) async -> TenantTraffic {
        await current?.traffic(of: tenant) ?? TenantTraffic()
    }

    /// Has every loop take the record as the directory has it now. Without effect where the directory is away: the feed
    /// brings the change later.
    func learn(_ id: TenantID, from lookup: any PlacementLookup) async {
        guard let loops = current else { return }
        do throws(DirectoryError) {
            let tenant = try await lookup.tenant(.id(id))
            await loops.applied(tenant.map { .changed($0) } ?? .removed(id))
        } catch {
            return
        }
    }

    /// A peer has told one loop of a higher epoch.
    func tell(_ stated: StatedPlacement) { loops.withLock({ $0 })?.hear(stated) }

    /// Has every loop take the record as the directory has it now, past every cache.
    func refresh(_ id: TenantID, from lookup: any PlacementLookup) async {
        guard let loops = loops.withLock({ $0 }) else { return }
        do throws(DirectoryError) {
            let tenant = try await lookup.freshTenant(.id(id))
            loops.apply(tenant.map { .changed($0) } ?? .removed(id))
        } catch {
            // The directory is away: what the peer has said is kept until the feed says more.
            return
        }
    }
}
