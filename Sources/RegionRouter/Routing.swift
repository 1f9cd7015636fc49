import TenantDirectory

/// The way of a request, phase by phase: **Identify → Place → Admit**, from the bytes of its head to what is done with
/// it. Parse comes before (``ClientConnection``), Forward and Respond after (``Exchange``).
///
/// It decides and does nothing: what it needs and has not got (a record, a key) it names, and is asked again.
struct Routing {
    enum Decision {
        /// A load balancer's question.
        case health
        /// The gateway's own business.
        case control(ControlCall.Subject)
        case forward(Target)
        /// The gate is closed: wait there, then decide again.
        case hold(TenantEntry)
        /// Ask the directory, then decide again.
        case load(TenantKey, fresh: Bool)
        /// Fetch the key, then decide again.
        case fetch(PublicKeyQuery)
        /// A verified Forge call of an installation that is not known: make the tenant, then decide again.
        case admit(ForgeInstall)
        case refuse(RouterError, RouteKind)
        /// Two nodes have passed it on already: wait for a newer record of the tenant, and refuse it when none comes.
        case wait(TenantID, RouterError)
    }

    /// Where a request goes.
    struct Target {
        let entry: TenantEntry?
        let region: Region
        /// To a peer that owns the region, and not to an app instance.
        let isForPeer: Bool
        let kind: RouteKind
        /// The `X-Residency-*` lines for the app.
        let lines: [UInt8]
        /// The host called for the tenant, with a token that verified.
        let isHostCall: Bool
    }

    /// What has been tried for this request, so that no question is asked twice.
    struct Tried {
        var load = false
        var fresh = false
        var key = false
        var admit = false
    }

    let loop: RouterLoop
    let endpoint: PublicEndpoint
    let tried: Tried
    /// What the peer says that has passed the request on.
    let statement: PeerStatement?
    /// An answer to the last question that came with an error.
    let failure: RouterError?

    func decide(_ bytes: UnsafeRawBufferPointer, _ head: RequestHead) -> Decision {
        do throws(RouterError) {
            return try identify(bytes, head)
        } catch {
            return refuse(error)
        }
    }

    // MARK: Identify

    private func identify(_ bytes: UnsafeRawBufferPointer, _ head: RequestHead) throws(RouterError) -> Decision {
        if let failure { throw failure }
        switch try loop.identifier.classify(bytes, head, at: endpoint, now: loop.shared.wallClock()) {
        case .gateway(let kind): return .control(.host(kind, endpoint))
        case _ where loop.shared.configuration.proxy == .off:
            throw RouterError(
                .notFound,
                "This gateway answers the descriptor, lifecycle callbacks and residency hooks alone (proxy: off).")
        case .token(let claim): return try token(claim, bytes, head)
        case .forge(let claim): return try forge(claim)
        case .routed(let key, let kind): return try routed(key, kind)
        case .untenanted: return try untenanted()
        }
    }

    private func token(
        _ claim: TenantClaim, _ bytes: UnsafeRawBufferPointer, _ head: RequestHead
    ) throws(RouterError) -> Decision {
        let identifier = loop.identifier
        guard let entry = identifier.entry(of: claim, in: loop.tenants) else {
            guard tried.load else { return .load(try identifier.key(of: claim), fresh: false) }
            throw Self.unknownTenant
        }
        let now = loop.shared.wallClock()
        do {
            try identifier.verify(claim, bytes, head, at: endpoint, keys: entry.keys, now: now)
        } catch {
            // The secret may have been rotated a moment ago at another node or in another process.
            guard error.code == .badSignature, asksFresh(entry, now) else { throw error }
            return .load(try identifier.key(of: claim), fresh: true)
        }
        // It may have been installed again a moment ago, elsewhere.
        if !entry.facts.isPlain, !entry.tenant.state.isServed, asksFresh(entry, now) {
            return .load(try identifier.key(of: claim), fresh: true)
        }
        return try place(entry, .token, entry.fieldLines(verifiedAs: .connect), isHostCall: claim.kind == .host)
    }

    private func forge(_ claim: ForgeClaim) throws(RouterError) -> Decision {
        guard let key = loop.forgeKey(claim.keyQuery) else {
            guard tried.key else { return .fetch(claim.keyQuery) }
            throw RouterError(
                .keyServerUnavailable, origin: .gateway, "The host's key is not at hand.", retryAfterSeconds: 5)
        }
        try loop.identifier.verify(claim, key: key, now: loop.shared.wallClock())
        guard let entry = loop.tenants.entry(.alias(claim.alias)) else {
            guard tried.load else { return .load(.alias(claim.alias), fresh: false) }
            guard !tried.admit else { throw Self.unknownTenant }
            return .admit(install(claim))
        }
        if !entry.facts.isPlain, !entry.tenant.state.isServed, asksFresh(entry, loop.shared.wallClock()) {
            return .load(.alias(claim.alias), fresh: true)
        }
        return try place(entry, .forge, entry.fieldLines(verifiedAs: .forge), isHostCall: true)
    }

    /// Whether the directory itself is to be asked before the tenant is refused with 401 (amendment H21): once a
    /// request, and once a second a tenant.
    private func asksFresh(_ entry: TenantEntry, _ now: Int64) -> Bool {
        guard !tried.fresh, entry.freshCheckedAt < now else { return false }
        entry.freshCheckedAt = now
        return true
    }

    private func routed(_ key: TenantKey, _ kind: RouteKind) throws(RouterError) -> Decision {
        guard let entry = loop.tenants.entry(key) else {
            guard tried.load else { return .load(key, fresh: false) }
            // A route names nobody we know: it is as good as no name, and never an authentication.
            return try untenanted()
        }
        return try place(entry, kind, entry.fieldLines(routedBy: kind), isHostCall: false)
    }

    // MARK: Place

    private func place(
        _ entry: TenantEntry, _ kind: RouteKind, _ lines: [UInt8], isHostCall: Bool
    ) throws(RouterError) -> Decision {
        let region = try loop.shared.decision.region(of: entry)
        if entry.isHeld { return .hold(entry) }
        return try forward(entry, to: region, kind, lines, isHostCall: isHostCall)
    }

    /// Says how the request gets to its region.
    private func forward(
        _ entry: TenantEntry?, to region: Region, _ kind: RouteKind, _ lines: [UInt8], isHostCall: Bool
    ) throws(RouterError) -> Decision {
        let isForPeer: Bool
        switch try loop.shared.decision.way(to: region, after: statement) {
        case .own: isForPeer = false
        case .peer: isForPeer = true
        case .wait(let error):
            guard let entry else { throw error }
            return .wait(entry.tenant.id, error)
        }
        return .forward(
            Target(
                entry: entry, region: region, isForPeer: isForPeer, kind: kind, lines: lines, isHostCall: isHostCall))
    }

    private func untenanted() throws(RouterError) -> Decision {
        let region = try loop.shared.decision.region(called: endpoint)
        return try forward(nil, to: region, .host, loop.hostFieldLines(region), isHostCall: false)
    }

    /// The tenant that a first Forge call makes: in the region whose URL was called.
    private func install(_ claim: ForgeClaim) -> ForgeInstall {
        let details = loop.identifier.details(of: claim)
        return ForgeInstall(
            alias: claim.alias, cloudID: details.cloudID, hostBaseURL: details.siteURL, product: nil,
            region: endpoint.region == .global ? loop.shared.decision.defaultRegion : endpoint.region,
            hostRealm: endpoint.region)
    }

    // MARK: Refuse, or report

    private static let unknownTenant = RouterError(
        .unknownTenant, "No installation of this app is known by that name; install the app again if it should be.")

    /// In report mode what would have been refused goes where the token *names*, where that is known, else where the
    /// host name says (amendment H13: routing is not authentication).
    private func refuse(_ error: RouterError) -> Decision {
        let mode = loop.shared.configuration.identify.mode
        guard mode == .report,
            error.status == 401 || error.code == .keyServerUnavailable || error.code == .directoryUnavailable
        else { return .refuse(error, .none) }
        let named = loop.identifier.namedTenant
        if !tried.load, let named, loop.tenants.entry(named) == nil { return .load(named, fresh: false) }
        loop.shared.observer.observe(.wouldRefuse(error.code, .host))
        do throws(RouterError) {
            if let named, let entry = loop.tenants.entry(named),
                let region = try? loop.shared.decision.region(of: entry.tenant)
            {
                if entry.isHeld { return .hold(entry) }
                return try forward(entry, to: region, .host, entry.fieldLines(routedBy: .host), isHostCall: false)
            }
            return try untenanted()
        } catch {
            return .refuse(error, .none)
        }
    }
}
