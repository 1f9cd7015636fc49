import Foundation
import RegionRouter
import TenantDirectory

/// What this process says of itself in the directory.
enum NodeDescription {
    /// The version of this program.
    static let version = "0.3.0"

    /// What an address in the directory begins with where TLS is spoken.
    static let secureMark = "https://"

    static func record(
        _ configuration: GatewayConfiguration, _ declaration: Declaration, _ plan: RouterConfiguration
    ) -> NodeRecord {
        NodeRecord(
            identity: NodeRecord.Identity(newProcessOf: configuration.node.id),
            regions: plan.instances.keys.sorted(), version: version, regionView: regionView(plan),
            configurationDigest: digest(configuration, declaration, plan),
            startedAt: Int64(Date().timeIntervalSince1970 * 1_000))
    }

    /// Where this node is reached, by purpose, in the form that other nodes read.
    /// - Parameter isSecure: whether the peers' listener has TLS.
    static func addresses(
        _ bound: Gateway.Addresses, _ node: NodeSettings, isSecure: Bool
    ) -> [String: String] {
        var addresses = ["listen": bound.listen, "admin": bound.admin]
        if let peers = bound.peers, let colon = peers.lastIndex(of: ":") {
            let isEverywhere = peers.hasPrefix("0.0.0.0:") || peers.hasPrefix("[::]:")
            if let own = node.address {
                let host = own.contains(":") ? "[\(own)]" : own
                addresses["peers"] = host + peers[colon...]
            } else if !isEverywhere {
                addresses["peers"] = peers
            }
        }
        if isSecure { addresses["peers"] = addresses["peers"].map { secureMark + $0 } }
        return addresses
    }

    /// `EU US, default EU`
    static func regionView(_ plan: RouterConfiguration) -> String {
        let regions = plan.endpoints.map(\.region).filter { $0 != .global }.sorted()
        return regions.map(\.code).joined(separator: " ") + ", default \(plan.defaultRegion)"
    }

    /// Of what all nodes must be told alike, and of no secret.
    static func digest(
        _ configuration: GatewayConfiguration, _ declaration: Declaration, _ plan: RouterConfiguration
    ) -> String {
        var lines = [declaration.text, plan.defaultRegion.code]
        lines += plan.endpoints.map { "\($0.region) \($0.baseURL)" }.sorted()
        lines += [configuration.connect.installKeysURL.description] + configuration.connect.hostSuffixes.sorted()
        lines += [configuration.forge.appID ?? "", configuration.forge.jwksURL.description]
        lines += configuration.forge.environments.sorted()
        return String(SHA256.hexDigest(of: Array(lines.joined(separator: "\n").utf8)).prefix(16))
    }
}
