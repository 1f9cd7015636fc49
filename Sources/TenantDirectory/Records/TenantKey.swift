/// What a tenant can be looked up by.
package enum TenantKey: Hashable, Sendable {
    /// A name the host uses.
    case alias(TenantAlias)
    /// Our own id, as in the tenant cookie and the `X-Residency-Route` value.
    case id(TenantID)
}
