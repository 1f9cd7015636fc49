import TenantDirectory

/// Where a request goes, from facts alone: the placement of its tenant, the region that was called, the regions that
/// this node owns and those that peers own, and what a peer says that has passed the request on.
struct RegionDecision: Sendable {
    /// How a request gets to a region.
    enum Way: Equatable {
        /// To an app instance.
        case own
        /// To a peer.
        case peer
        /// Two nodes have passed it on already: it waits for a newer record, and is refused when none comes.
        case wait(RouterError)
    }

    /// So few that looking through them is quicker than a table.
    let owned: [Region]
    /// Regions that a peer owns.
    let peers: [Region]
    /// Where tenants and requests of the plain base URL live.
    let defaultRegion: Region
    /// This node's name.
    let nodeID: String

    init(owned: [Region], peers: [Region] = [], defaultRegion: Region, nodeID: String = "local") {
        self.owned = owned
        self.peers = peers
        self.defaultRegion = defaultRegion
        self.nodeID = nodeID
    }

    /// How a request gets to the region that it needs.
    /// - Parameter statement: of the peer that has passed it on; `nil` for one that the client sent here.
    /// - Throws: `peerWrongRegion` where the peer takes this node for another, `peerLoop` where it is this node.
    func way(to region: Region, after statement: PeerStatement?) throws(RouterError) -> Way {
        if owned.contains(region) { return .own }
        guard let statement else { return .peer }
        if statement.sender == nodeID {
            throw RouterError(
                .peerLoop, origin: .peer,
                "Node \(nodeID) has reached itself: correct peers.\(statement.target), or give each node a node.id of "
                    + "its own."
            )
        }
        if statement.target == region {
            throw RouterError(
                .peerWrongRegion, origin: .peer,
                "Node \(nodeID) was called as one that owns \(region), and does not; correct peers.\(region) of node "
                    + "\(statement.sender), or node.regions of \(nodeID).")
        }
        guard statement.hops < PeerStatement.maxHops else {
            return .wait(
                RouterError(
                    .peerLoop, origin: .peer,
                    "Nodes differ about where this tenant lives, and no newer record came in time; \(nodeID) says "
                        + "\(region)."))
        }
        return .peer
    }

    /// The region whose data a request of the entry's tenant needs.
    /// - Throws: as ``region(of:)-(Tenant)``.
    func region(of entry: TenantEntry) throws(RouterError) -> Region {
        guard entry.facts.isPlain else { return try region(of: entry.tenant) }
        return try checked(entry.facts.region)
    }

    /// The region whose data a request of the tenant needs.
    /// - Throws: `unknownTenant`, `uninstalled`, `disputed` or `noInstance`.
    func region(of tenant: Tenant) throws(RouterError) -> Region {
        switch tenant.state {
        case .pending:
            throw RouterError(.unknownTenant, "This tenant's installation has not been completed by the app yet.")
        case .uninstalled:
            throw RouterError(.uninstalled, "The app has been uninstalled from this site; install it again to use it.")
        case .installed, .enabled, .disabled: break
        }
        try checkUndisputed(tenant)
        return try checked(tenant.placement.region)
    }

    /// The region that an install record, also one not yet complete, is sent to.
    /// - Throws: `disputed` or `noInstance`.
    func region(ofInstall tenant: Tenant) throws(RouterError) -> Region {
        try checkUndisputed(tenant)
        return try checked(tenant.placement.region)
    }

    /// The region of a request without a tenant: the one whose public URL was called.
    func region(called endpoint: PublicEndpoint) throws(RouterError) -> Region {
        try checked(endpoint.region == .global ? defaultRegion : endpoint.region)
    }

    private func checkUndisputed(_ tenant: Tenant) throws(RouterError) {
        guard tenant.disputedEpoch == nil else {
            throw RouterError(
                .disputed, origin: .directory,
                "The directory has lost its last changes, and it is not known which region is right for this tenant.",
                retryAfterSeconds: 30)
        }
    }

    private func checked(_ region: Region) throws(RouterError) -> Region {
        guard owned.contains(region) || peers.contains(region) else {
            throw RouterError(
                .noInstance, origin: .gateway,
                "No app instance of region \(region) is configured on this node, and no peer.")
        }
        return region
    }
}
