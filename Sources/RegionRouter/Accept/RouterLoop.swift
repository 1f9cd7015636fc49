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
    /// Of those at gates: calls that peers have passed on, by the peer's name.
    var waitingFromPeers: [String: Int] = [:]
    /// TLS handshakes that are not finished.
    var handshakes = 0
    /// Tenants with requests that were cut; looked through by the sweep.
    var entriesWithCuts: [TenantEntry] = []
    private(set) var isDraining = false
    /// The end is announced: responses close their connections, and new ones are still accepted.
    private(set) var isLeaving = false
    /// When the event that is being handled began; at most a sweep old. A request needs the time in ten places, and
    /// each look at the clock costs as much as a look at a table.
    private(set) var now = NIODeadline.now()
    /// So few that looking through them is quicker than a table.
    var groups: [(region: Region, group: UpstreamGroup)] = []
    /// Groups that the configuration has left, until what is under way there is over.
    var leftGroups: [UpstreamGroup] = []
    /// Requests that would need a third hop, by tenant: they wait for a newer record.
    private var awaitingNews: [TenantID: [() -> Void]] = [:]
    private(set) var clients: [ClientConnection] = []
    private var sessions: [HTTP2Session] = []
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
        makeGroups(before: [])
    }

    /// The way to a region: to its app instances where this node owns it, else to the nodes that do; `nil` where there
    /// is none.
    func group(_ region: Region) -> UpstreamGroup? {
        // By place: what is handed to a closure is counted for each of them.
        for index in groups.indices where groups[index].region == region { return groups[index].group }
        return nil
    }

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

    /// The line with which a request without a tenant, or one that a peer has passed on, goes to the next peer.
    func peerLine(_ region: Region, _ entry: TenantEntry?, after hops: Int, waited: Int, isActedOn: Bool) -> [UInt8] {
        if let entry, hops == 0, waited == 0, !isActedOn {
            return entry.peerLine(from: shared.configuration.nodeID, to: region)
        }
        var statement = PeerStatement(
            hops: hops + 1, sender: shared.configuration.nodeID, target: region,
            placement: entry.map { StatedPlacement($0.tenant) })
        statement.waitedMilliseconds = waited
        statement.isActedOn = isActedOn
        return statement.tenantLine
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
        if clients.isEmpty { noteEmpty() }
    }

    func add(_ session: HTTP2Session) {
        session.slot = sessions.count
        sessions.append(session)
    }

    func remove(_ session: HTTP2Session) {
        Self.remove(session, from: &sessions, slot: \.slot)
        noteEmpty()
    }

    private func noteEmpty() {
        if clients.isEmpty, sessions.isEmpty { onEmpty?.succeed() }
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
        for session in sessions { session.sweep(now: now) }
        for app in apps { app.sweep(now: now) }
        for (_, group) in groups { group.sweep(now: now) }
        sweepLeftGroups(now: now)
        forgetCuts(now: now)
        // A rotated key set is seen within a sweep of the shared cache's learning of it.
        forgeKeys.removeAll(keepingCapacity: true)
        log.flush()
    }

    // MARK: Changes and log

    func apply(_ change: TenantChange) {
        for entry in tenants.apply(change) { followGate(of: entry) }
        guard !awaitingNews.isEmpty else { return }
        switch change {
        case .changed(let tenant): wake(tenant.id)
        case .removed(let id): wake(id)
        case .everything: for id in awaitingNews.keys { wake(id) }
        }
    }

    /// A peer has told where a tenant lives. A higher epoch counts at once and is kept; the other loops hear of it, and
    /// the directory is asked.
    func learn(_ stated: StatedPlacement) {
        guard tenants.learn(stated) else { return }
        followGate(of: stated.tenant)
        wake(stated.tenant)
        shared.everyLoop.tell(stated)
        let (lookup, everyLoop) = (shared.lookup, shared.everyLoop)
        // Where the queue is full the feed brings the record, a moment later.
        _ = shared.jobs.submit { await everyLoop.refresh(stated.tenant, from: lookup) }
    }

    /// What another loop of this node has learnt.
    func hear(_ stated: StatedPlacement) {
        guard tenants.learn(stated) else { return }
        followGate(of: stated.tenant)
        wake(stated.tenant)
    }

    /// Calls `resume` when something new is known of the tenant.
    func awaitNews(of id: TenantID, _ resume: @escaping () -> Void) {
        awaitingNews[id, default: []].append(resume)
        let (lookup, everyLoop) = (shared.lookup, shared.everyLoop)
        _ = shared.jobs.submit { await everyLoop.refresh(id, from: lookup) }
    }

    private func wake(_ id: TenantID) {
        for resume in awaitingNews.removeValue(forKey: id) ?? [] { resume() }
    }

    /// Whether log lines are written: where none are, no record is copied for them.
    var logsRequests: Bool { log.isWriting }

    func log(_ record: RequestRecord) {
        log.append(record)
    }

    // MARK: Ending

    /// See ``RouterLoops/announceEnd()``.
    func announceEnd() {
        isLeaving = true
        for session in sessions { session.drain() }
    }

    /// Idle connections are closed, the others after their response; the promise is kept when none is left.
    func drain(_ promise: EventLoopPromise<Void>) {
        isLeaving = true
        isDraining = true
        for (_, group) in groups { group.closeIdle() }
        guard !clients.isEmpty || !sessions.isEmpty else { return promise.succeed() }
        onEmpty = promise
        for client in clients { client.drain() }
        for session in sessions { session.drain() }
    }

    /// Cuts what is left. App instances may go on working on what they were sent.
    func closeAll() {
        if tenants.hasWorkUnderWay { shared.everyLoop.noteWorkLeft() }
        for client in clients { client.closeNow() }
        for session in sessions { session.closeNow() }
        for app in apps { app.close() }
        log.flush()
    }
}
