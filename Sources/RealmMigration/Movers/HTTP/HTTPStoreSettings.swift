package import TenantDirectory

/// A store of the app's that the app itself exports and imports, as the configuration declares it (`stores:`). What the
/// app has to answer is written down in `config/store-contract.yaml`.
package struct HTTPStoreSettings: Sendable, Equatable {
    /// What the configuration calls it; unique among the stores.
    package var name: String
    /// Where the contract is served in each region: base URLs without a slash at the end, the path of the contract
    /// included, such as `http://10.0.0.5:3001/residency`. One that cannot be reached is followed by the next. They
    /// must all lead to the one store of their region.
    package var urls: [Region: [String]]
    package var credential: Credential
    package var limits: HTTPStoreLimits

    /// How the app knows that a call is the gateway's.
    package enum Credential: Sendable, Equatable {
        /// Every call is signed with this secret (``StoreCallSignature``).
        case signature(Secret)
        /// `Authorization: Bearer`. Whoever sees one call can make others: for TLS alone.
        case bearer(Secret)
    }

    package init(
        name: String, urls: [Region: [String]], credential: Credential, limits: HTTPStoreLimits = HTTPStoreLimits()
    ) {
        self.name = name
        self.urls = urls
        self.credential = credential
        self.limits = limits
    }
}
