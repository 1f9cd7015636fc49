import TenantDirectory

/// Where a request goes, from facts alone: the placement of its tenant, the region that was called, and the regions
/// this node owns.
struct RegionDecision: Sendable {
    /// So few that looking through them is quicker than a table.
    let owned: [Region]
    /// Where tenants and requests of the plain base URL live.
    let defaultRegion: Region

    /// The region whose data a request of the tenant needs.
    /// - Throws: `unknownTenant`, `uninstalled`, `disputed`, `held` or `noInstance`.
    func region(of tenant: Tenant) throws(RouterError) -> Region {
        switch tenant.state {
        case .pending:
            throw RouterError(.unknownTenant, "This tenant's installation has not been completed by the app yet.")
        case .uninstalled:
            throw RouterError(.uninstalled, "The app has been uninstalled from this site; install it again to use it.")
        case .installed, .enabled, .disabled: break
        }
        guard tenant.disputedEpoch == nil else {
            throw RouterError(
                .disputed, origin: .directory,
                "The directory has lost its last changes, and it is not known which region is right for this tenant.",
                retryAfterSeconds: 30)
        }
        guard tenant.placement.state == .serving else {
            throw RouterError(
                .held, origin: .gateway, "This tenant's data is being switched to another region; try again.",
                retryAfterSeconds: 1)
        }
        return try checked(tenant.placement.region)
    }

    /// The region that an install record, also one not yet complete, is sent to.
    func region(ofInstall tenant: Tenant) throws(RouterError) -> Region { try checked(tenant.placement.region) }

    /// The region of a request without a tenant: the one whose public URL was called.
    func region(called endpoint: PublicEndpoint) throws(RouterError) -> Region {
        try checked(endpoint.region == .global ? defaultRegion : endpoint.region)
    }

    private func checked(_ region: Region) throws(RouterError) -> Region {
        guard owned.contains(region) else {
            throw RouterError(
                .noInstance, origin: .gateway, "No app instance of region \(region) is configured on this node.")
        }
        return region
    }
}
