import RegionRouter
import TenantDirectory

extension RouterPlan {
    /// The nodes that own other regions, and where they reach this one.
    mutating func peers() -> PeerConfiguration {
        let settings = configuration.peers
        let known = Set(declaration.regionBaseURLs.keys).union([configuration.defaultRegion].compactMap { $0 })
        var addresses: [Region: [UpstreamAddress]] = [:]
        for (region, urls) in settings.addresses.sorted(by: { $0.key < $1.key }) {
            let key = "peers.\(region.code)"
            if !known.contains(region) {
                complain(key, "is not declared by the app; add \(region) to \(declaration.source) or take it out here")
            }
            checkList(urls, key)
            for url in urls { check(url, key) }
            addresses[region] = urls.map { UpstreamAddress($0) }
        }
        for key in settings.tls.missing {
            complain(key, "is missing: peers.tls needs the node's certificate, its key and the authority of all nodes")
        }
        let listener = settings.port.map {
            PeerConfiguration.Listener(host: settings.host, port: $0, names: settings.names)
        }
        if !settings.names.isEmpty, settings.tls.both == nil {
            complain("peers.listen.names", "is about certificates, and there are none; give peers.tls")
        }
        if listener != nil, settings.tls.both == nil, !isPlainAllowed(settings.host) {
            complain(
                "peers.listen.host",
                "is \(settings.host), which other machines reach, and the listener has no TLS; give peers.tls, or name "
                    + "this host in peers.allowHttp if the network is yours alone")
        }
        return PeerConfiguration(listener: listener, addresses: addresses)
    }

    private mutating func check(_ url: WebAddress, _ key: String) {
        if url.scheme == .https {
            if configuration.peers.tls.both == nil {
                complain(key, "is \(url), and this node has no certificate to show there; give peers.tls")
            }
        } else if !isPlainAllowed(url.host) {
            complain(
                key,
                "is \(url), on another machine: calls of tenants pass there with their tokens and without TLS; call it "
                    + "by https, or name \(url.host) in peers.allowHttp if the network is yours alone")
        }
        if !url.path.isEmpty {
            complain(
                key,
                "has the path \(url.path); give the peer's listener alone, such as "
                    + "\(url.scheme.rawValue)://\(url.authority)")
        }
    }

    private func isPlainAllowed(_ host: String) -> Bool {
        host == "::1" || host.hasPrefix("127.") || host == "localhost" || configuration.peers.allowHTTP.contains(host)
    }
}
