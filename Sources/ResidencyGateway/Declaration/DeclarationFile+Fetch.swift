import RealmMigration
import RegionRouter
import TenantDirectory

extension DeclarationFile {
    /// Reads the declaration a configuration names; the running app is asked over a client of its own.
    ///
    /// Who writes the configuration may name a private address here, without `outbound.allow`: the URL comes from no
    /// call.
    static func load(for configuration: GatewayConfiguration) async throws(Complaints) -> Declaration {
        let outbound = configuration.outbound
        return try await load(configuration.app.declaration, remote: configuration.app.remote) { url in
            let everywhere = ["0.0.0.0/0", "::/0"].compactMap { AddressRange($0) }
            return try await withOutboundClient(OutboundConfiguration(allow: everywhere, proxy: outbound.proxy)) {
                let answer = try await $0.fetch(
                    OutboundRequest(url: url, maxBytes: ConfigurationFile.maximumBytes, timeout: outbound.timeout))
                guard answer.isSuccess else {
                    throw OutboundError(
                        .failed, "\(OutboundRequest.origin(of: url)) answered with status \(answer.status)")
                }
                return answer.body
            }
        }
    }
}
