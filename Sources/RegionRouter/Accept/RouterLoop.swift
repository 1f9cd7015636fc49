import NIOCore
import TenantDirectory

/// One event loop's share of the router: its tenants, pools, connections and log lines. Everything of it is touched on
/// that loop alone, so that the way of a request takes no lock and makes no hop.
final class RouterLoop {
    let eventLoop: any EventLoop
    var shared: RouterShared
    var identifier: Identifier
    let tenants: TenantTable
    var random = RandomBits()
    /// Requests that wait for a record, a key or the gateway's own answer.
    var parkedCount = 0
    private(set) var isDraining = false
    /// The end is announced: responses close their connections, and new ones are still accepted.
    private(set) var isLeaving = false
    /// When the event that is being handled began; at most a sweep old. A request needs the time in ten places, and
    /// each look at the clock costs as much as a look at a table.
    private(set) var now = NIODeadline.now()
    /// So few that looking through them is quicker than a table.
    var pools: [(region: Region, pool: InstancePool)] = []
    /// Pools of addresses that the configuration has left, until what is under way there is over.
    var leftPools: [InstancePool] = []
    private(set) var clients: [ClientConnection] = []
    private var apps: [AppConnection] = []
    private var hostLines: [Region: [UInt8]] = [:]
    var log: AccessLogBuffer
    private var onEmpty: EventLoopPromise<Void>?
    /// Public keys of Forge at hand, so that the shared cache's lock is not taken for each call.
    private var forgeKeys: [PublicKeyQuery: RSAPublicKey] = [:]

    init(eventLoop: any EventLoop, shared: RouterShared) {
        self.eventLoop = eventLoop
        self.shared = shared
        identifier = Identifier(shared.configuration.identify, tokenBytes: shared.configuration.limits.tokenBytes)
        tenants = TenantTable(limit: shared.configuration.limits.tenantsPerLoop)
        log = AccessLogBuffer(writer: shared.accessLog)
        for (region, address) in shared.configuration.instances {
            // Regions that share an instance share its connections too.
            let twin = pools.first { shared.configuration.instances[$0.region] == address }?.pool
            pools.append((region, twin ?? InstancePool(address: address, loop: self)))
        }
    }

    /// The way to the app instance of a region; `nil` for a region this node does not own.
    func pool(_ region: Region) -> InstancePool? { pools.first { $0.region == region }?.pool }

    /// The `X-Residency-*` lines of a request without a tenant.
    func hostFieldLines(_ region: Region) -> [UInt8] {
        if let lines = hostLines[region] { return lines }
        let identifiedBy = RouteKind.host.identifiedBy
        let lines = Array("X-Residency-Region: \(region)\r\nX-Residency-Identified-By: \(identifiedBy)\r\n".utf8)
        hostLines[region] = lines
        return lines
    }

    /// The line that gives the browser the cookie of the tenant whose page it opens; empty while the cookie is off.
    func cookieLine(_ entry: TenantEntry?) -> [UInt8] {
        guard let cookie = identifier.cookie, let entry else { return [] }
        return Array("Set-Cookie: \(cookie.setCookie(for: entry.tenant.id, now: shared.wallClock()))\r\n".utf8)
    }

    // MARK: Keys

    func forgeKey(_ query: PublicKeyQuery) -> RSAPublicKey? {
        if let key = forgeKeys[query] { return key }
        guard let key = shared.keys.cached(query) else { return nil }
        keep(key, for: query)
        return key
    }

    func keep(_ key: RSAPublicKey, for query: PublicKeyQuery) {
        if forgeKeys.count >= 64 { forgeKeys.removeAll() }
        forgeKeys[query] = key
    }

    // MARK: Connections

    func add(_ client: ClientConnection) {
        client.slot = clients.count
        clients.append(client)
    }

    func remove(_ client: ClientConnection) {
        Self.remove(client, from: &clients, slot: \.slot)
        if clients.isEmpty { onEmpty?.succeed() }
    }

    func add(_ app: AppConnection) {
        app.slot = apps.count
        apps.append(app)
    }

    func remove(_ app: AppConnection) { Self.remove(app, from: &apps, slot: \.slot) }

    private static func remove<Item: AnyObject>(
        _ item: Item, from items: inout [Item], slot: ReferenceWritableKeyPath<Item, Int>
    ) {
        let index = item[keyPath: slot]
        guard items.indices.contains(index), items[index] === item else { return }
        let last = items.removeLast()
        if last !== item {
            items[index] = last
            last[keyPath: slot] = index
        }
        item[keyPath: slot] = -1
    }

    // MARK: Time

    /// Looks at the clock: an event begins, or something has taken time.
    @discardableResult
    func tick() -> NIODeadline {
        now = .now()
        return now
    }

    /// Looks for what has waited too long. Runs a few times a second: a timer a connection would cost more than it
    /// saves.
    func sweep() {
        let now = tick()
        for client in clients { client.sweep(now: now) }
        for app in apps { app.sweep(now: now) }
        for (_, pool) in pools { pool.sweep(now: now) }
        sweepLeftPools(now: now)
        // A rotated key set is seen within a sweep of the shared cache's learning of it.
        forgeKeys.removeAll(keepingCapacity: true)
        log.flush()
    }

    // MARK: Changes and log

    func apply(_ change: TenantChange) { tenants.apply(change) }

    func log(_ record: RequestRecord) {
        log.append(record)
    }

    // MARK: Ending

    /// See ``RouterLoops/announceEnd()``.
    func announceEnd() { isLeaving = true }

    /// Idle connections are closed, the others after their response; the promise is kept when none is left.
    func drain(_ promise: EventLoopPromise<Void>) {
        isLeaving = true
        isDraining = true
        for (_, pool) in pools { pool.closeIdle() }
        guard !clients.isEmpty else { return promise.succeed() }
        onEmpty = promise
        for client in clients { client.drain() }
    }

    /// Cuts what is left.
    func closeAll() {
        for client in clients { client.closeNow() }
        for app in apps { app.close() }
        log.flush()
    }
}
