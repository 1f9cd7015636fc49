package import struct Foundation.Date

/// A tenant as it is stored, and as the feed brings it: secrets sealed, times in milliseconds since 1970.
package struct TenantRecord: Sendable, Equatable {
    package let id: TenantID
    var aliases: [TenantAlias]
    var state: Tenant.State
    package var placement: Placement
    var hostRealm: Region?
    var hostBaseURL: String?
    var product: String?
    var cloudID: String?
    var secret: [UInt8]?
    var previousSecret: [UInt8]?
    var previousSecretUntil: Int64?
    package var sequence: Int64
    var installedAt: Int64
    var updatedAt: Int64
    var uninstalledAt: Int64?
    /// See ``Tenant/disputedEpoch``.
    var disputedEpoch: Int64?

    var isDisplaced: Bool {
        guard let hostRealm, hostRealm != .global else { return false }
        return hostRealm != placement.region
    }

    /// - Throws: ``DirectoryError`` where a secret does not open.
    func opened(_ sealer: SecretSealer) throws(DirectoryError) -> Tenant {
        Tenant(
            id: id, aliases: aliases, state: state, placement: placement, hostRealm: hostRealm,
            hostBaseURL: hostBaseURL, product: product, cloudID: cloudID,
            secret: try open(secret, sealer), previousSecret: try open(previousSecret, sealer),
            previousSecretUntil: previousSecretUntil.map(Date.init(milliseconds:)), sequence: sequence,
            installedAt: Date(milliseconds: installedAt), updatedAt: Date(milliseconds: updatedAt),
            uninstalledAt: uninstalledAt.map(Date.init(milliseconds:)), disputedEpoch: disputedEpoch)
    }

    private func open(_ sealed: [UInt8]?, _ sealer: SecretSealer) throws(DirectoryError) -> Secret? {
        guard let sealed else { return nil }
        return try sealer.open(sealed, for: id)
    }

    /// What keeps the record's promises when a write is about to change it.
    /// - Throws: `.conflict` where the epoch would fall, or the region change without it.
    func checkSuccessor(_ next: TenantRecord) throws(DirectoryError) {
        guard next.placement.epoch >= placement.epoch,
            next.placement.region == placement.region || next.placement.epoch > placement.epoch
        else {
            throw DirectoryError(
                .conflict,
                "Tenant \(id) would go from \(placement.region) epoch \(placement.epoch) to \(next.placement.region) "
                    + "epoch \(next.placement.epoch): an epoch never falls, and a region changes only with it. "
                    + "Nothing was written.")
        }
    }
}

extension Date {
    init(milliseconds: Int64) { self.init(timeIntervalSince1970: Double(milliseconds) / 1000) }

    /// Since 1970, rounded: times as they stand in the directory.
    package var milliseconds: Int64 { Int64((timeIntervalSince1970 * 1000).rounded()) }
}
