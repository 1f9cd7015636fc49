package import TenantDirectory

/// What a request says it is: nobody's word yet.
package enum Claimant: Sendable, Equatable {
    /// The gateway itself is asked.
    case gateway(HostCall.Kind)
    /// A Connect token, or a session token of the app's, which a tenant's secret must have signed.
    case token(TenantClaim)
    /// A Forge invocation token, which a key of Forge's must have signed.
    case forge(ForgeClaim)
    /// No token: a route or the cookie names the tenant. It routes, it never authenticates.
    case routed(TenantKey, RouteKind)
    /// Nothing names a tenant: goes to the region of the host name.
    case untenanted
}

/// The token that ``Identifier/classify(_:_:at:now:)`` met last. It means something until the next call of that.
package struct TenantClaim: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// Made by the host for this call: it carries a qsh.
        case host
        /// Made by the host for the browser's own calls: its qsh is the text `context-qsh`.
        case context
        /// Made by the app for itself.
        case session
    }

    package let kind: Kind
    /// Where the payload has the tenant's name: whose secret has to have signed it.
    let name: Range<Int>
    let generation: UInt64
}

/// The Forge invocation token that ``Identifier/classify(_:_:at:now:)`` met last. It means something until the next
/// call of that.
package struct ForgeClaim: Sendable, Equatable {
    package let alias: TenantAlias
    /// The key that has to have signed it.
    package let keyQuery: PublicKeyQuery
    let generation: UInt64
}

/// What a Forge token says of its installation beside the name.
package struct ForgeDetails: Sendable, Equatable {
    package let cloudID: String?
    package let siteURL: String?
}
