package import struct Foundation.Date

/// One installation of one app: who it is, where its data lives, and the secrets its calls are verified with.
///
/// This is the opened record: the secrets are in clear, so it lives in memory only. It holds nothing about persons
/// (design §4): no account id, no display data, no install payload.
///
/// A copy is one reference: the data plane hands records about for every request, and tables share them.
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

    package var id: TenantID { storage.fields.id }
    /// One or two: a tenant that moves from Connect to Forge is known by both names.
    package var aliases: [TenantAlias] {
        get { storage.fields.aliases }
        set { change { $0.aliases = newValue } }
    }
    package var state: State {
        get { storage.fields.state }
        set { change { $0.state = newValue } }
    }
    package var placement: Placement {
        get { storage.fields.placement }
        set { change { $0.placement = newValue } }
    }
    /// The region whose public URL the host last called for this tenant; `nil` before the first call.
    package var hostRealm: Region? {
        get { storage.fields.hostRealm }
        set { change { $0.hostRealm = newValue } }
    }
    /// The host's base URL (`https://site.atlassian.net`, Confluence with `/wiki`).
    package var hostBaseURL: String? {
        get { storage.fields.hostBaseURL }
        set { change { $0.hostBaseURL = newValue } }
    }
    /// `jira`, `confluence` or what the host said.
    package var product: String? {
        get { storage.fields.product }
        set { change { $0.product = newValue } }
    }
    package var cloudID: String? {
        get { storage.fields.cloudID }
        set { change { $0.cloudID = newValue } }
    }
    /// The secret of the last `installed` that the app answered with 2xx; `nil` for a tenant known by Forge alone.
    package var secret: Secret? {
        get { storage.fields.secret }
        set { change { $0.secret = newValue } }
    }
    /// The secret before that, while it is still honoured.
    package var previousSecret: Secret? {
        get { storage.fields.previousSecret }
        set { change { $0.previousSecret = newValue } }
    }
    package var previousSecretUntil: Date? {
        get { storage.fields.previousSecretUntil }
        set { change { $0.previousSecretUntil = newValue } }
    }
    /// The number of the last change of this record in the change feed.
    package var sequence: Int64 {
        get { storage.fields.sequence }
        set { change { $0.sequence = newValue } }
    }
    package var installedAt: Date {
        get { storage.fields.installedAt }
        set { change { $0.installedAt = newValue } }
    }
    package var updatedAt: Date {
        get { storage.fields.updatedAt }
        set { change { $0.updatedAt = newValue } }
    }
    package var uninstalledAt: Date? {
        get { storage.fields.uninstalledAt }
        set { change { $0.uninstalledAt = newValue } }
    }

    /// The highest epoch that a node has known of this tenant, where the directory has lost its last changes since
    /// (amendment H6): which region is right is for a person to say, and until then the tenant is admitted nowhere.
    package var disputedEpoch: Int64? {
        get { storage.fields.disputedEpoch }
        set { change { $0.disputedEpoch = newValue } }
    }

    private var storage: Storage

    package init(
        id: TenantID, aliases: [TenantAlias], state: State, placement: Placement, hostRealm: Region? = nil,
        hostBaseURL: String? = nil, product: String? = nil, cloudID: String? = nil, secret: Secret? = nil,
        previousSecret: Secret? = nil, previousSecretUntil: Date? = nil, sequence: Int64, installedAt: Date,
        updatedAt: Date, uninstalledAt: Date? = nil, disputedEpoch: Int64? = nil
    ) {
        storage = Storage(
            Fields(
                id: id, state: state, placement: placement, hostRealm: hostRealm, disputedEpoch: disputedEpoch,
                aliases: aliases, hostBaseURL: hostBaseURL, product: product, cloudID: cloudID, secret: secret,
                previousSecret: previousSecret, previousSecretUntil: previousSecretUntil, sequence: sequence,
                installedAt: installedAt, updatedAt: updatedAt, uninstalledAt: uninstalledAt))
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

    package static func == (left: Tenant, right: Tenant) -> Bool {
        left.storage === right.storage || left.storage.fields == right.storage.fields
    }

    private mutating func change(_ body: (inout Fields) -> Void) {
        if !isKnownUniquelyReferenced(&storage) { storage = Storage(storage.fields) }
        body(&storage.fields)
    }

    // What each request asks for stands first: of thousands of tenants it is far from the processor, line by line.
    private struct Fields: Sendable, Equatable {
        let id: TenantID
        var state: State
        var placement: Placement
        var hostRealm: Region?
        var disputedEpoch: Int64?
        var aliases: [TenantAlias]
        var hostBaseURL: String?
        var product: String?
        var cloudID: String?
        var secret: Secret?
        var previousSecret: Secret?
        var previousSecretUntil: Date?
        var sequence: Int64
        var installedAt: Date
        var updatedAt: Date
        var uninstalledAt: Date?
    }

    // Guarded by copy on write: changed only by a record that holds the one reference to it.
    private final class Storage: @unchecked Sendable {
        var fields: Fields

        init(_ fields: Fields) { self.fields = fields }
    }
}
