package import TenantDirectory

/// Where outgoing control calls may go, and how many at once.
package struct OutboundConfiguration: Sendable {
    /// Addresses that are not public and may be called all the same (`outbound.allow`).
    package var allow: [AddressRange]
    /// The proxy all calls go through; empty for none. The environment's proxies never count.
    package var proxy: String
    /// Calls under way; past it `busy`.
    package var maxInFlight: Int
    /// Who may have signed the certificates of https servers, and what is shown to one that asks; the server's name is
    /// that of the URL.
    package var tls: OutboundTLS

    package init(
        allow: [AddressRange] = [], proxy: String = "", maxInFlight: Int = 64, tls: OutboundTLS = OutboundTLS()
    ) {
        self.allow = allow
        self.proxy = proxy
        self.maxInFlight = maxInFlight
        self.tls = tls
    }
}
