import NIOCore
import RealmMigration
import RegionRouter
import TenantDirectory

/// What `check` asks of those that the gateway calls: app instances, and the nodes of other regions.
extension GatewayCheck {
    /// For each of them.
    private static let timeout = Duration.seconds(5)

    /// Asks each app instance for a page that no app has, in the way the gateway would: whatever it answers, it is
    /// there, speaks HTTP, and is who it should be.
    static func instances(
        _ router: RouterConfiguration, _ configuration: GatewayConfiguration
    ) async -> [CheckReport.Row] {
        let everywhere = ["0.0.0.0/0", "::/0"].compactMap { AddressRange($0) }
        let outbound = OutboundConfiguration(allow: everywhere, tls: configuration.app.tls.outbound)
        let instances = router.instances.flatMap { region in region.value.map { (region.key, $0) } }
        let rows = try? await withOutboundClient(outbound) { client in
            await withTaskGroup(of: (Region, CheckReport.Row).self) { group in
                for (region, instance) in instances {
                    let question = question(to: instance, configuration, min(router.limits.connectTimeout, timeout))
                    group.addTask { (region, await probe(region, instance, question, client)) }
                }
                var rows: [(Region, CheckReport.Row)] = []
                for await row in group { rows.append(row) }
                return rows.sorted { $0.0 < $1.0 }.map(\.1)
            }
        }
        return rows ?? [CheckReport.Row("app instances", .failed, "could not be asked")]
    }

    private static func question(
        to instance: UpstreamAddress, _ configuration: GatewayConfiguration, _ timeout: Duration
    ) -> OutboundRequest {
        let path = configuration.listen.healthPath
        guard instance.isSecure, let name = configuration.app.tls.serverName else {
            return OutboundRequest(url: instance.url + path, timeout: timeout)
        }
        let host = instance.host.contains(":") ? "[\(instance.host)]" : instance.host
        return OutboundRequest(
            url: "https://\(name):\(instance.port)\(path)", timeout: timeout, server: "\(host):\(instance.port)")
    }

    private static func probe(
        _ region: Region, _ instance: UpstreamAddress, _ question: OutboundRequest, _ client: OutboundClient
    ) async -> CheckReport.Row {
        let what = "app instance \(region)"
        do throws(OutboundError) {
            let answer = try await client.fetch(question)
            return CheckReport.Row(
                what, .fine, "\(instance.url) answers (status \(answer.status) for a page it need not have)")
        } catch {
            switch error.code {
            case .redirected, .oversized: return CheckReport.Row(what, .fine, "\(instance.url) answers")
            case .untrusted:
                return CheckReport.Row(
                    what, .failed,
                    "\(error.message); give the instance another certificate, or correct app.tls and app.instances")
            default: return CheckReport.Row(what, .failed, "\(error.message); start the app, or correct app.instances")
            }
        }
    }

    // MARK: Peers

    /// Asks the nodes of other regions who they are, over their listeners for nodes.
    static func peers(
        _ router: RouterConfiguration, _ configuration: GatewayConfiguration, _ certificates: GatewayCertificates
    ) async -> [CheckReport.Row] {
        let client = PeerClient(certificates: certificates.peers?.calls, connectTimeout: timeout)
        defer { client.close() }
        let own = configuration.node.id
        return await withTaskGroup(of: (Region, Int, CheckReport.Row).self) { group in
            for (region, addresses) in router.peers.addresses {
                for (index, address) in addresses.enumerated() {
                    group.addTask { (region, index, await peer(region, address, client, own: own)) }
                }
            }
            var rows: [(Region, Int, CheckReport.Row)] = []
            for await row in group { rows.append(row) }
            return rows.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.2)
        }
    }

    private static func peer(
        _ region: Region, _ address: UpstreamAddress, _ client: PeerClient, own: String
    ) async -> CheckReport.Row {
        let (what, key) = ("peer \(region)", "peers.\(region)")
        do throws(RouterError) {
            let answer = try await client.ask(address, "GET", NodeEndpoints.aboutPath, timeout: timeout)
            guard answer.status == 200, let about = AboutNode(Array(answer.body.readableBytesView)) else {
                return CheckReport.Row(
                    what, .note,
                    "\(address.url) answers with \(answer.status) and does not say who it is: it is of another release")
            }
            guard about.node != own else {
                return CheckReport.Row(what, .failed, "\(address.url) is this node itself; correct \(key)")
            }
            guard about.regions.contains(region.code) else {
                let owned = about.regions.isEmpty ? "no region" : about.regions.joined(separator: " and ")
                return CheckReport.Row(
                    what, .failed,
                    "\(address.url) is node \(about.node), which owns \(owned); correct \(key), or its node.regions")
            }
            return CheckReport.Row(what, .fine, "\(address.url) is node \(about.node)")
        } catch {
            return CheckReport.Row(what, .failed, "\(address.url): \(error.detail)")
        }
    }
}
