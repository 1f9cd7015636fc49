import TenantDirectory

extension ConfigurationKey {
    /// Whether a change takes effect while the gateway serves; the others need a restart.
    var isReloaded: Bool {
        guard !Self.restartKeys.contains(path) else { return false }
        let section = String(path.prefix { $0 != "." })
        return Self.reloadedSections.contains(section) || Self.reloadedKeys.contains(path)
    }

    /// Sections of which all keys do, but for ``restartKeys``. A section that is not here needs a restart.
    private static let reloadedSections: Set<String> = [
        "app", "public", "identify", "lifecycle", "limits", "log", "defaultRegion", "plainHosts", "proxy",
    ]

    private static let reloadedKeys: Set<String> = [
        "node.regions", "listen.trustedProxies", "listen.proxyProtocol", "listen.trustForwardedHost",
        "listen.healthPath", "listen.tls.transportSecurityAge", "connect.hostSuffixes",
        "forge.appId", "forge.environments", "peers", "peers.listen.names", "peers.allowHttp",
    ]

    /// What was made with them at the start is not made again.
    private static let restartKeys: Set<String> = [
        "limits.parkedRequests", "limits.drainTimeout", "app.tls.ca", "app.tls.certificate", "app.tls.key",
        "app.tls.serverName",
    ]
}
