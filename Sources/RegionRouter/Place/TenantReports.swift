package import TenantDirectory

/// What the data plane tells the directory about tenants it has verified calls of.
package protocol TenantReports: Sendable {
    /// A verified Forge call of an installation that is not known: makes the tenant, or returns the one that a racing
    /// call has made.
    func forgeInstallation(_ install: ForgeInstall) async throws(DirectoryError) -> Tenant

    /// The host called another region's public URL than the last time. Best effort: a report that is lost is made again
    /// with the next call.
    func hostRealm(_ region: Region, of tenant: TenantID) async
}
