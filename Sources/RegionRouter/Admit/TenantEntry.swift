import TenantDirectory

/// What one event loop knows of one tenant, and how many of its requests the app may be working on. Belongs to its
/// event loop; every access is made there.
final class TenantEntry {
    private(set) var tenant: Tenant { didSet { facts = Facts(tenant) } }
    /// What each request asks of the record, at hand: the record is an object of its own, far from the processor.
    private(set) var facts: Facts
    /// The keyed contexts of its secrets: made when first needed, since most tenants of a loop never are.
    private var madeKeys: TenantKeys?
    /// Requests admitted and not yet over: the app may still be working on them.
    var inFlight = InFlightRequests()
    /// Requests that wait while the tenant is held.
    var gate = HoldGate<ClientConnection>()
    /// Those that waited are being let go on.
    var isReleasing = false
    /// Changes were missed since it was read: it is loaded before it is used again.
    var isStale = false
    /// The record has been removed.
    var isGone = false
    /// For the table's clock: looked up since the hand last passed.
    var isReferenced = true
    /// When the directory was last asked about a signature that did not fit, in seconds of the monotonic clock.
    var freshCheckedAt: Int64 = .min
    /// Field lines for the app, by the framework whose name the token gave; made when first needed.
    private var connectLines: [UInt8]?
    private var forgeLines: [UInt8]?
    private var routedFieldLines: [RouteKind: [UInt8]] = [:]
    /// What a peer is told of it; made when first needed.
    private var peerFieldLine: [UInt8]?
    /// The epoch of the directory's record, which may be behind what a peer has told.
    private var recordEpoch: Int64

    init(_ tenant: Tenant) {
        self.tenant = tenant
        facts = Facts(tenant)
        recordEpoch = tenant.placement.epoch
    }

    struct Facts {
        let region: Region
        let hostRealm: Region?
        let placementState: Placement.State
        /// Served, and it is not disputed where: the region alone decides where its requests go.
        let isPlain: Bool

        init(_ tenant: Tenant) {
            let placement = tenant.placement
            (region, placementState) = (placement.region, placement.state)
            hostRealm = tenant.hostRealm
            isPlain = tenant.state.isServed && tenant.disputedEpoch == nil
        }
    }

    /// The gate is closed: a cutover is under way. Of an entry that is not current nothing is known: who waits asks.
    var isHeld: Bool { facts.placementState == .held && !isStale && !isGone }
    /// What may write is refused: its data moves while it stands still.
    var isMoving: Bool { facts.placementState == .moving && !isStale && !isGone }
    /// It must stay at hand: its gate, its requests in flight, or those that were cut are known nowhere else.
    var isPinned: Bool {
        tenant.placement.state != .serving || inFlight.count > 0 || inFlight.hasCuts || !gate.isEmpty
    }

    /// Takes a newer state of the record. One that is older is left: an epoch never falls, and of records with the same
    /// epoch the number decides. A record that is newer but for its placement is taken without it: a peer has told of a
    /// higher epoch. After missed changes the numbers may be another directory's: the epoch alone decides.
    func update(_ newer: Tenant) {
        var newer = newer
        guard newer.placement.epoch >= recordEpoch,
            newer.placement.epoch > recordEpoch || newer.sequence >= tenant.sequence || isStale
        else { return }
        isStale = false
        recordEpoch = newer.placement.epoch
        if newer.placement.epoch < tenant.placement.epoch { newer.placement = tenant.placement }
        if newer.secret != tenant.secret || newer.previousSecret != tenant.previousSecret
            || newer.previousSecretUntil != tenant.previousSecretUntil
        {
            madeKeys = nil
        }
        tenant = newer
        dropLines()
    }

    /// A peer has told of a placement with a higher epoch: it counts at once.
    func learn(_ placement: Placement) {
        guard placement.epoch > tenant.placement.epoch else { return }
        tenant.placement = placement
        dropLines()
    }

    private func dropLines() {
        connectLines = nil
        forgeLines = nil
        peerFieldLine = nil
        routedFieldLines.removeAll()
    }

    /// The host called this region; noted at once, so that the report is made once a loop.
    func noteHostRealm(_ region: Region) { tenant.hostRealm = region }

    var keys: TenantKeys {
        if let madeKeys { return madeKeys }
        let keys = TenantKeys(tenant)
        madeKeys = keys
        return keys
    }

    /// The `X-Residency-*` lines of a request that a verified token brought.
    func fieldLines(verifiedAs framework: TenantAlias.Framework) -> [UInt8] {
        if let lines = framework == .connect ? connectLines : forgeLines { return lines }
        let name = tenant.alias(framework)?.name ?? tenant.id.description
        var lines = commonLines(.token)
        lines += Array("X-Residency-Tenant: \(name)\r\n".utf8)
        if framework == .connect { connectLines = lines } else { forgeLines = lines }
        return lines
    }

    /// The lines of a request that was only routed: without the tenant's name, for nothing vouches for it.
    func fieldLines(routedBy kind: RouteKind) -> [UInt8] {
        if let lines = routedFieldLines[kind] { return lines }
        let lines = commonLines(kind)
        routedFieldLines[kind] = lines
        return lines
    }

    /// The line with which its requests go to the peer that owns its region.
    func peerLine(from sender: String, to region: Region) -> [UInt8] {
        if let peerFieldLine { return peerFieldLine }
        let line = PeerStatement(hops: 1, sender: sender, target: region, placement: StatedPlacement(tenant)).tenantLine
        peerFieldLine = line
        return line
    }

    private func commonLines(_ kind: RouteKind) -> [UInt8] {
        let text = """
            X-Residency-Region: \(tenant.placement.region)\r
            X-Residency-Epoch: \(tenant.placement.epoch)\r
            X-Residency-Route: \(RouteValue.make(for: tenant.id))\r
            X-Residency-Identified-By: \(kind.identifiedBy)\r

            """
        return Array(text.utf8)
    }
}

extension RouteKind {
    /// Whether a request does what its method says. What is routed without a token need not (amendment H41).
    var keepsToMethod: Bool { self != .route && self != .cookie }

    /// The value of `X-Residency-Identified-By` (design §3.2).
    var identifiedBy: String {
        switch self {
        case .token, .forge, .lifecycle, .migration: "token"
        case .route: "route"
        case .cookie: "cookie"
        case .none, .health, .descriptor, .host, .peer: "host"
        }
    }
}
