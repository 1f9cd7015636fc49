package import struct Foundation.Date

/// One installation of one app: who it is, where its data lives, and the secrets its calls are verified with.
///
/// This is the opened record: the secrets are in clear, so it lives in memory only. It holds nothing about persons
/// (design §4): no account id, no display data, no install payload.
package struct Tenant: Sendable, Equatable {
    package enum State: String, Sendable, CaseIterable {
        /// The host's `installed` was stored, and the app has not yet answered it for the first time: not served.
        case pending
        case installed
        case enabled
        /// Switched off by an administrator of the site. Still served: the app decides what it shows.
        case disabled
        /// Refused with 401, and kept, so that a reinstall within 30 days keeps its region.
        case uninstalled

        /// Whether calls of the tenant are forwarded.
        package var isServed: Bool { self != .pending && self != .uninstalled }
    }

    package let id: TenantID
    /// One or two: a tenant that moves from Connect to Forge is known by both names.
    package var aliases: [TenantAlias]
    package var state: State
    package var placement: Placement
    /// The region whose public URL the host last called for this tenant; `nil` before the first call.
    package var hostRealm: Region?
    /// The host's base URL (`https://site.atlassian.net`, Confluence with `/wiki`).
    package var hostBaseURL: String?
    /// `jira`, `confluence` or what the host said.
    package var product: String?
    package var cloudID: String?
    /// The secret of the last `installed` that the app answered with 2xx; `nil` for a tenant known by Forge alone.
    package var secret: Secret?
    /// The secret before that, while it is still honoured.
    package var previousSecret: Secret?
    package var previousSecretUntil: Date?
    /// The number of the last change of this record in the change feed.
    package var sequence: Int64
    package var installedAt: Date
    package var updatedAt: Date
    package var uninstalledAt: Date?

    package init(
        id: TenantID, aliases: [TenantAlias], state: State, placement: Placement, hostRealm: Region? = nil,
        hostBaseURL: String? = nil, product: String? = nil, cloudID: String? = nil, secret: Secret? = nil,
        previousSecret: Secret? = nil, previousSecretUntil: Date? = nil, sequence: Int64, installedAt: Date,
        updatedAt: Date, uninstalledAt: Date? = nil
    ) {
        self.id = id
        self.aliases = aliases
        self.state = state
        self.placement = placement
        self.hostRealm = hostRealm
        self.hostBaseURL = hostBaseURL
        self.product = product
        self.cloudID = cloudID
        self.secret = secret
        self.previousSecret = previousSecret
        self.previousSecretUntil = previousSecretUntil
        self.sequence = sequence
        self.installedAt = installedAt
        self.updatedAt = updatedAt
        self.uninstalledAt = uninstalledAt
    }

    /// The host calls another region than the data is in: listed, counted, reported.
    package var isDisplaced: Bool {
        guard let hostRealm, hostRealm != .global else { return false }
        return hostRealm != placement.region
    }

    /// The tenant's name in one framework, where it has one.
    package func alias(_ framework: TenantAlias.Framework) -> TenantAlias? {
        aliases.first { $0.framework == framework }
    }
}
