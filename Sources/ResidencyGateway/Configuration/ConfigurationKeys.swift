import Logging
import RegionRouter
import TenantDirectory

extension ConfigurationKey {
    /// Every key there is, in the order of the reference.
    static let all =
        node + app + appTLS + publicURLs + listen + listenTLS + peers + peersTLS + admin + directory + host + identify
        + limits + migration
        + other + stores

    private static let node: [ConfigurationKey] = [
        .scalar("node.id", \.node.id, .name, "The name of this process among the nodes of the directory."),
        .list(
            "node.regions", \.node.regions, .region,
            "Regions whose app instances this node may call; empty for all that are declared."),
        .optional(
            "node.address", \.node.address, .text,
            "The host name or address at which other nodes reach this one; needed where it listens on all."),
    ]

    private static let app: [ConfigurationKey] = [
        .scalar(
            "app.declaration", \.app.declaration, .pathOrURL,
            "The app's own `atlassian-connect.json` or `manifest.yml`, or the URL where the running app serves it."
        ).marked(required: true),
        .optional(
            "app.remote", \.app.remote, .name,
            "The key of the Forge remote the gateway stands for, where the manifest has several."),
        .regionLists(
            "app.instances", \.app.instances, .url,
            "The app's HTTP servers by region, several where there are; without it the declared URLs are the instances."
        ),
        .optional(
            "app.health.path", \.upstreams.checkPath, .urlPath,
            "What each app instance is asked for, and must answer 2xx or 3xx; left out, it must take a connection."),
        .scalar(
            "app.health.interval", \.checkInterval, .duration(.milliseconds(100) ... .seconds(3_600)),
            "How often it is asked; two failures take it out of use, two successes bring it back."),
        .scalar(
            "app.health.timeout", \.upstreams.checkTimeout, .duration(.milliseconds(10) ... .seconds(60)),
            "How long it may take."),
        .scalar(
            "app.health.failures", \.upstreams.failures, .integer(1...1_000),
            "Requests in a row that fail by an instance, without an answer of the app's, before it is out of use."),
        .scalar(
            "app.health.outFor", \.upstreams.outFor, .duration(.milliseconds(100) ... .seconds(300)),
            "For how long, the first time; each time in a row it is twice as long, up to five minutes."),
        .scalar(
            "app.health.slowStart", \.upstreams.slowStart, .duration(.milliseconds(1) ... .seconds(3_600)),
            "How long an instance that comes back gets less than its share."),
        .scalar(
            "app.lookupInterval", \.upstreams.lookupInterval, .duration(.seconds(1) ... .seconds(86_400)),
            "How often the host names of instances and peers are looked up again; all their addresses are used."),
        .scalar(
            "app.hostHeader", \.app.hostHeader, .choice,
            "What an app instance sees as Host: the public name that was called, or its own."),
        .scalar(
            "app.descriptorPath", \.app.descriptorPath, .urlPath,
            "Where the descriptor is served, below each public base URL."),
        .scalar(
            "app.migrationPath", \.app.migrationPath, .urlPath,
            "The path of the residency hooks in the served descriptor, where the app names none."),
        .optional(
            "app.maxMigrationDurationHours", \.app.maxMigrationDurationHours, .halfHours,
            "How long a move may take, where the app says nothing; left out, 2 for Connect and 1.5 for Forge."),
    ]

    private static let publicURLs: [ConfigurationKey] = [
        .optional(
            "public.baseUrl", \.publicURLs.baseURL, .url,
            "The plain base URL the host calls; left out, it is the declared one."),
        .regions(
            "public.regionBaseUrls", \.publicURLs.regionBaseURLs, .url,
            "The base URL the host calls for each region; left out, they are the declared ones."),
    ]

    private static let listen: [ConfigurationKey] = [
        .scalar("listen.host", \.listen.host, .text, "The address the host's calls arrive at."),
        .scalar("listen.port", \.listen.port, .integer(0...65_535), "Its port; 0 takes a free one."),
        .optional(
            "listen.eventLoops", \.listen.eventLoops, .integer(1...1_024),
            "Event loops; left out, one a core."),
        .list(
            "listen.trustedProxies", \.listen.trustedProxies, .addresses,
            "Load balancers in front, whose X-Forwarded-* fields and PROXY headers are believed."),
        .scalar(
            "listen.proxyProtocol", \.listen.proxyProtocol, .boolean,
            "Whether connections from trusted proxies begin with a PROXY protocol v2 header."),
        .scalar(
            "listen.trustForwardedHost", \.listen.trustForwardedHost, .boolean,
            "Whether a trusted proxy's X-Forwarded-Host names the host that was called."),
        .scalar(
            "listen.healthPath", \.listen.healthPath, .urlPath,
            "GET of this path is answered 200 whatever the host name, for load balancers."),
    ]

    private static let peers: [ConfigurationKey] = [
        .regionLists(
            "peers", \.peers.addresses, .url,
            "The peers' listeners of the nodes that own a region; one that is down is passed over."),
        .scalar("peers.listen.host", \.peers.host, .text, "The address of this node's own listener for peers."),
        .optional(
            "peers.listen.port", \.peers.port, .integer(0...65_535),
            "Its port; without it there is no such listener. 0 takes a free one."),
        .list(
            "peers.allowHttp", \.peers.allowHTTP, .text,
            "Hosts, beside this machine, that peers may be spoken to without TLS: what is on the way can read all."),
    ]

    fileprivate static let peersTLS: [ConfigurationKey] = [
        .list(
            "peers.listen.names", \.peers.names, .certificateName,
            "Of these a caller's certificate must have one, such as *.gateways.internal; empty for any certificate."
        ),
        .optional(
            "peers.tls.ca", \.peers.tls.authorityFile, .path,
            "PEM of your own authority that signs the nodes' certificates, and nothing else."),
        .optional(
            "peers.tls.certificate", \.peers.tls.certificateFile, .path,
            "PEM of this node's certificate with its chain, shown to nodes that call it and that it calls."),
        .optional("peers.tls.key", \.peers.tls.keyFile, .path, "PEM of its private key, not encrypted."),
    ]

    private static let admin: [ConfigurationKey] = [
        .scalar("admin.host", \.admin.host, .text, "The address of the operator's listener."),
        .scalar("admin.port", \.admin.port, .integer(0...65_535), "Its port; 0 takes a free one."),
        .scalar(
            "probes.host", \.probes.host, .text, "The address of a listener for /healthz, /readyz and /metrics alone."),
        .optional(
            "probes.port", \.probes.port, .integer(0...65_535),
            "Its port; without it there is no such listener."),
    ]

    private static let directory: [ConfigurationKey] = [
        .scalar("directory.store", \.directory.store, .choice, "What keeps the records."),
        .scalar("directory.path", \.directory.path, .path, "The file of the SQLite store."),
        .optional(
            "directory.url", \.directory.url, .postgresURL, secret: true,
            "The PostgreSQL database, as libpq reads it; in the file without a password: that comes from PGPASSFILE."
        ).withoutPasswordInFile(),
        .scalar(
            "directory.poolSize", \.directory.poolSize, .integer(1...100),
            "Connections of this node to PostgreSQL; one more listens for changes."),
        .scalar(
            "directory.connectTimeout", \.directory.connectTimeout, .duration(.milliseconds(100) ... .seconds(60)),
            "How long connecting to PostgreSQL may take, for each host that the URL names."),
        .scalar(
            "directory.statementTimeout", \.directory.statementTimeout,
            .duration(.milliseconds(100) ... .seconds(60)),
            "How long PostgreSQL may take over a statement, and a call may wait for a connection."),
        .scalar(
            "directory.pollInterval", \.directory.pollInterval, .duration(.milliseconds(10) ... .seconds(60)),
            "How often the directory is asked for changes that nothing has told of."),
        .scalar(
            "mirror.path", \.mirror.path, .path,
            "The file of this node's copy of a PostgreSQL directory, from which it serves while that is away."),
        .scalar(
            "mirror.maxAge", \.mirror.maxAge, .duration(.seconds(60) ... .seconds(7 * 86_400)),
            "How long it is served from after the directory has last confirmed it; less than purges wait."),
        .scalar(
            "secrets.keyFile", \.secrets.keyFile, .path,
            "The file of the key that seals the tenants' secrets: 32 bytes in base64, readable by its owner alone."),
        .optional(
            "secrets.key", \.secrets.key, .secret, secret: true,
            "The same key, instead of a file: 32 bytes in base64."
        ).marked(secret: true, environmentOnly: true),
        .scalar(
            "secrets.createKeyFile", \.secrets.createKeyFile, .boolean,
            "Whether a key file that is not there is made at the first start, when the directory is new."),
        .entries(
            "secrets.keys", \.secrets.keys, fields: ["name", "file", "environment", "command"], lists: ["command"],
            "Further keys, which open what they sealed; each from a file, a variable, or a command (words, no shell).",
            make: ConfigurationEntries.sealingKey),
        .optional(
            "secrets.current", \.secrets.current, .name,
            "The name of the one that seals; left out, it is the key file's. See `secrets rotate`."),
    ]

    private static let host: [ConfigurationKey] = [
        .scalar(
            "connect.installKeysUrl", \.connect.installKeysURL, .url,
            "Where the public keys are that sign `installed` and `uninstalled`, by `kid`."),
        .names(
            "connect.keyServers", \.connect.keyServers, name: .hostSuffix, .url,
            "Other servers of such keys, by the end of the host name in `baseUrl`."),
        .list(
            "connect.hostSuffixes", \.connect.hostSuffixes, .hostSuffix,
            "Hosts that may install the app: what the host name of `baseUrl` ends in."),
        .optional("forge.appId", \.forge.appID, .forgeApp, "The Forge app's ARI; left out, the manifest's."),
        .scalar("forge.jwksUrl", \.forge.jwksURL, .url, "The key set that Forge invocation tokens are signed with."),
        .list(
            "forge.environments", \.forge.environments, .upperCaseWord,
            "Environments of the Forge app whose tokens are accepted."),
        .entries(
            "forge.keySets", \.forge.keySets, fields: ["jwksUrl", "apiBaseUrl", "isolatedCloudLabel"],
            "Other key sets, first match: by what the token's `app.apiBaseUrl` begins with, or by its `icLabel`.",
            make: ConfigurationEntries.keySet),
        .scalar(
            "lifecycle.previousSecretFor", \.lifecycle.previousSecretFor, .duration(.zero ... .seconds(30 * 86_400)),
            "How long the secret before the last one is honoured after a rotation; 0s for not at all."),
        .scalar(
            "lifecycle.reinstallWindow", \.lifecycle.reinstallWindow, .duration(.zero ... .seconds(3_650 * 86_400)),
            "How long after `uninstalled` a tenant keeps its region when it is installed again."),
    ]

    private static let identify: [ConfigurationKey] = [
        .scalar(
            "identify.mode", \.identify.mode, .choice,
            "`enforce` refuses what does not verify; `report` logs and counts it, and forwards by host name."),
        .scalar(
            "identify.leeway", \.identify.leeway, .duration(.zero ... .seconds(300)),
            "How far a token may be past `exp` or before `nbf`."),
        .entries(
            "identify.routes", \.identify.routes, fields: ["path", "query", "header", "bearerClaim", "writes"],
            "Calls without a token of the host, first match: path, what names the tenant; `writes: true` where any "
                + "method may write.",
            make: ConfigurationEntries.route),
        .entries(
            "identify.declaredCalls", \.identify.declaredCalls, fields: ["path", "method"],
            "Calls of the host beside those of the declaration: they need a token made for this very request.",
            make: ConfigurationEntries.call),
        .entries(
            "identify.contextTokenCalls", \.identify.contextTokenCalls, fields: ["path", "method"],
            "Declared calls where a context token is accepted all the same.", make: ConfigurationEntries.call),
        .scalar(
            "identify.cookie.enabled", \.identify.cookie.enabled, .boolean,
            "Whether calls without a token may be routed by a signed cookie of the gateway's."),
        .scalar(
            "identify.cookie.lifetime", \.identify.cookie.lifetime, .duration(.seconds(60) ... .seconds(30 * 86_400)),
            "How long such a cookie lasts."),
        .scalar(
            "identify.cookie.keyFile", \.identify.cookie.keyFile, .path,
            "The file of the key that signs it: 32 bytes in base64; the same on all nodes."),
    ]

    private static let other: [ConfigurationKey] = [
        .list(
            "outbound.allow", \.outbound.allow, .addresses,
            "Private addresses that calls of the gateway's own (keys, declaration) may reach."),
        .scalar(
            "outbound.proxy", \.outbound.proxy, .textOrNothing, secret: true,
            "The URL of a proxy for such calls; empty for none."),
        .scalar(
            "outbound.timeout", \.outbound.timeout, .duration(.milliseconds(100) ... .seconds(120)),
            "How long such a call may take."),
        .scalar("log.level", \.log.level, .choice, "The least level that is logged, on standard error."),
        .scalar("log.access", \.log.access, .boolean, "Whether there is a line for each request."),
        .scalar(
            "reload.interval", \.reload.interval, .duration(.zero ... .seconds(3_600)),
            "How often the configuration and the files it names are looked at for changes; 0s for at SIGHUP alone."),
        .scalar(
            "drain.delay", \.drain.delay, .duration(.zero ... .seconds(600)),
            "How long a graceful stop still accepts connections after /readyz says no, so that load balancers notice."),
        .list(
            "plainHosts", \.plainHosts, .hostName,
            "Hosts whose base URLs may begin with http:// although they are not this machine, by name."),
        .optional(
            "defaultRegion", \.defaultRegion, .region,
            "Where tenants live that arrive at the plain base URL; may be left out where there is one region."),
        .scalar(
            "proxy", \.proxy, .choice,
            "`off` answers descriptor, lifecycle callbacks and residency hooks alone; others route the app's calls."
        ),
    ]
}

extension ConfigurationKey {
    fileprivate static let appTLS: [ConfigurationKey] = [
        .optional(
            "app.tls.ca", \.app.tls.authorityFile, .path,
            "PEM of the authorities that may have signed the instances' certificates; left out, the system's."),
        .optional(
            "app.tls.certificate", \.app.tls.certificateFile, .path,
            "PEM of the certificate shown to instances that ask for one, with its chain."),
        .optional("app.tls.key", \.app.tls.keyFile, .path, "PEM of its private key, not encrypted."),
        .optional(
            "app.tls.serverName", \.app.tls.serverName, .hostName,
            "The name in the instances' certificates; left out, the host of their URL."),
    ]

    fileprivate static let listenTLS: [ConfigurationKey] = [
        .entries(
            "listen.tls.certificates", \.listenTLS.certificates, fields: ["chain", "key", "names"],
            lists: ["names"],
            "Certificates, shown by the name a client asks for; the first to all others. Without one there is no TLS.",
            make: ConfigurationEntries.certificate),
        .list(
            "listen.tls.protocols", \.listenTLS.protocols, .choice,
            "What is spoken inside of TLS, the preferred one first."),
        .scalar(
            "listen.tls.transportSecurityAge", \.listenTLS.transportSecurityAge,
            .duration(.zero ... .seconds(3_650 * 86_400)),
            "How long browsers shall come by https alone (Strict-Transport-Security); 0s for not at all."),
        .scalar(
            "listen.tls.reloadInterval", \.listenTLS.reloadInterval, .duration(.seconds(1) ... .seconds(86_400)),
            "How often the files of all certificates are looked at; later handshakes get what has changed."),
    ]
}

extension ScalarKind where Value == String {
    /// `app.internal`
    fileprivate static let hostName = ScalarKind(
        name: "a host name",
        read: { (text, _) throws(Misfit) in
            guard let url = try? WebAddress("http://\(text)"), url.host == text.lowercased(), url.path.isEmpty else {
                throw Misfit("must be a host name without a port, such as app.internal, not \(Misfit.shown(text))")
            }
            return url.host
        }, write: { $0 })

    /// `node.internal`, or `*.internal`
    fileprivate static let certificateName = ScalarKind(
        name: "a name in a certificate",
        read: { (text, folder) throws(Misfit) in
            guard text.hasPrefix("*.") else { return try hostName.read(text, folder) }
            return "*." + (try hostName.read(String(text.dropFirst(2)), folder))
        }, write: { $0 })

    /// `ari:cloud:ecosystem::app/…`
    fileprivate static let forgeApp = ScalarKind(
        name: "an app's ARI",
        read: { (text, _) throws(Misfit) in
            guard text.hasPrefix("ari:cloud:ecosystem::app/"), text.utf8.count <= 200 else {
                throw Misfit("must be an app's ARI, such as ari:cloud:ecosystem::app/UUID, not \(Misfit.shown(text))")
            }
            return text
        }, write: { $0 })
}
