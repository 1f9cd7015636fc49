import Foundation

/// Writes tenants as lines that an import reads.
package struct TenantExporter {
    private struct Line: Encodable {
        var clientKey: String?
        var installationId: String?
        var appKey: String?
        var forgeAppId: String?
        var sharedSecret: String?
        var region: String
        var baseUrl: String?
        var productType: String?
        var cloudId: String?
        var state: String
        var epoch: Int64
        var hostRealm: String?
    }

    private let includesSecrets: Bool
    private let encoder = JSONEncoder()

    /// - Parameter includesSecrets: whether the lines hold the shared secrets in clear.
    package init(includesSecrets: Bool) {
        self.includesSecrets = includesSecrets
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    }

    /// One JSON object without a line end.
    /// - Returns: `nil` for a tenant whose first install the app has not answered.
    package func line(_ tenant: Tenant) -> String? {
        guard tenant.state != .pending else { return nil }
        let (connect, forge) = (tenant.alias(.connect), tenant.alias(.forge))
        let line = Line(
            clientKey: connect?.name, installationId: forge?.name, appKey: connect?.app, forgeAppId: forge?.app,
            sharedSecret: includesSecrets ? tenant.secret.map { String(decoding: $0.bytes, as: UTF8.self) } : nil,
            region: tenant.placement.region.code, baseUrl: tenant.hostBaseURL, productType: tenant.product,
            cloudId: tenant.cloudID, state: tenant.state.rawValue, epoch: tenant.placement.epoch,
            hostRealm: tenant.hostRealm?.code)
        return (try? encoder.encode(line)).map { String(decoding: $0, as: UTF8.self) }
    }
}
