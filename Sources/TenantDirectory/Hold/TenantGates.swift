/// The gates of a node: where requests of a tenant wait while it is held, and where those in flight are counted. The
/// router has them; the directory knows no more of it than this.
package protocol TenantGates: Sendable {
    /// Takes a record everywhere before it returns: from then on no request is admitted that it does not allow.
    func take(_ tenant: Tenant) async

    /// What of the tenant is in flight on this node.
    func traffic(of tenant: TenantID) async -> TenantTraffic
}
