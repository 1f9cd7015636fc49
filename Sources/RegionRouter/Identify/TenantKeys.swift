import FoundationEssentials
package import TenantDirectory

/// The secrets a tenant's tokens may be signed with, prepared.
package struct TenantKeys: Sendable {
    /// `nil` for a tenant that has no secret (one known by Forge alone) or an empty one: then no token of it verifies.
    package let current: HMACKey?
    package let previous: HMACKey?
    /// Until when the previous one is honoured; seconds since 1970.
    package let previousUntil: Int64

    package init(current: HMACKey?, previous: HMACKey? = nil, previousUntil: Int64 = 0) {
        self.current = current
        self.previous = previous
        self.previousUntil = previousUntil
    }

    /// The keys of a record.
    package init(_ tenant: Tenant) {
        let until = tenant.previousSecretUntil?.timeIntervalSince1970 ?? 0
        self.init(
            current: tenant.secret.flatMap { HMACKey($0) }, previous: tenant.previousSecret.flatMap { HMACKey($0) },
            previousUntil: Int64(until.rounded(.down)))
    }
}
