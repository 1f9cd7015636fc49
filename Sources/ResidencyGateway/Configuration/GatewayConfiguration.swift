import Logging
import RealmMigration
import RegionRouter
import TenantDirectory

/// Everything the gateway is told before it starts, with its defaults. What the keys are called in the file, what
/// they may hold and what they are for is in ``ConfigurationKey/all``; reading the file is ``ConfigurationFile``'s.
struct GatewayConfiguration: Sendable {
    var node = NodeSettings()
    var app = AppSettings()
    /// What the host calls; where empty, the declaration's own URLs.
    var publicURLs = PublicSettings()
    var listen = ListenConfiguration(port: 8080)
    var peers = PeerSettings()
    var listenTLS = ListenTLSSettings()
    var admin = AdminSettings()
    var probes = ProbesSettings()
    var directory = DirectorySettings()
    var mirror = MirrorSettings()
    var secrets = SecretsSettings()
    var connect = ConnectSettings()
    var forge = ForgeSettings()
    var identify = IdentifySettings()
    var lifecycle = LifecycleSettings()
    var limits = HTTPLimits()
    /// How app instances and peers are looked after, but for `checkInterval`.
    var upstreams = UpstreamSettings()
    var checkInterval = Duration.seconds(5)
    var outbound = OutboundSettings()
    var log = LogSettings()
    var reload = ReloadSettings()
    var drain = DrainSettings()
    /// What the app keeps by tenant.
    var stores: [StoreEntry] = []
    var migration = MigrationSettings()
    /// Hosts whose base URLs may be `http`, though they are not this machine.
    var plainHosts: [String] = []
    /// Where tenants live that arrive at the plain base URL; `nil` where there is but one region.
    var defaultRegion: Region?
    /// Whether calls are brought to the app.
    var proxy = RouterConfiguration.ProxyMode.on

    /// Where each key that was given stands, for complaints that are found later.
    var places: [String: Complaint.Place] = [:]
    /// What was given for each key, secrets too: compared, and never shown.
    var given: [String: String] = [:]
    /// The file it was read from.
    var file: String?

    /// Where to send somebody who has to change a key: where it stands, else the file.
    func place(of key: String) -> Complaint.Place? { places[key] ?? file.map { .file($0) } }
}

/// This process among others.
struct NodeSettings: Sendable {
    var id = "local"
    /// Regions whose app instances this node may call; empty for all that are declared.
    var regions: [Region] = []
    /// The host name or address at which other nodes reach this one.
    var address: String?
}

/// The app behind the gateway.
struct AppSettings: Sendable {
    /// The path of `atlassian-connect.json` or `manifest.yml`, or the URL where the running app serves it.
    var declaration = ""
    /// The key of the Forge remote that stands for the gateway, where the manifest has several.
    var remote: String?
    /// The HTTP servers of the app by region; where empty, the declared URLs are the instances.
    var instances: [Region: [WebAddress]] = [:]
    var hostHeader = RouterConfiguration.HostHeader.public
    var descriptorPath = "/atlassian-connect.json"
    /// What `lifecycle.dare-migration` says in the served descriptor where the app names no path of its own.
    var migrationPath = "/.residency/migration"
    /// What `dataResidency` says in the served descriptor where the app says nothing.
    /// `nil` for the host's own default: 2 for Connect, 1.5 for Forge.
    var maxMigrationDurationHours: Double?
    var tls = AppTLSSettings()
}

/// How instances whose URL begins with `https` are called.
struct AppTLSSettings: Sendable {
    /// The authorities that may have signed their certificates; the system's where absent.
    var authorityFile: String?
    /// What the gateway shows of itself, and its key; both or none.
    var certificateFile: String?
    var keyFile: String?
    /// The name their certificates must have; the host of the URL where absent.
    var serverName: String?

    /// As calls beside the data plane take it, which say the server's name themselves.
    var outbound: OutboundTLS {
        OutboundTLS(authorityFile: authorityFile, chainFile: certificateFile, keyFile: keyFile)
    }

    /// As the router takes it.
    var client: ClientTLS {
        ClientTLS(
            authorityFile: authorityFile,
            certificate: certificateFile.flatMap { chain in
                keyFile.map { CertificateFiles(chainFile: chain, keyFile: $0) }
            }, serverName: serverName)
    }
}

/// TLS at the listener that the host calls; without a certificate there is none.
struct ListenTLSSettings: Sendable {
    var certificates: [CertificateFiles] = []
    var protocols: [ServerTLS.ApplicationProtocol] = [.http2, .http1]
    /// Zero for no `Strict-Transport-Security`.
    var transportSecurityAge = Duration.zero
    /// Between two looks at the files of certificates, here and wherever else there are some.
    var reloadInterval = Duration.seconds(10)

    /// As the router takes it; `nil` for plain HTTP.
    var server: ServerTLS? {
        certificates.isEmpty ? nil : ServerTLS(certificates: certificates, protocols: protocols)
    }
}

/// The URLs the host calls.
struct PublicSettings: Sendable {
    var baseURL: WebAddress?
    var regionBaseURLs: [Region: WebAddress] = [:]

    var isEmpty: Bool { baseURL == nil && regionBaseURLs.isEmpty }
}

/// The other nodes, and where they reach this one.
struct PeerSettings: Sendable {
    var host = "127.0.0.1"
    /// `nil` for no listener.
    var port: Int?
    /// The listeners of the nodes that own a region.
    var addresses: [Region: [WebAddress]] = [:]
    /// Host names that may be spoken to without TLS, beside this machine.
    var allowHTTP: [String] = []
    /// Names of which a caller's certificate must have one; empty for any.
    var names: [String] = []
    var tls = PeerTLSSettings()
}

/// How nodes prove to each other who they are; all three or none.
struct PeerTLSSettings: Sendable {
    /// The authorities that sign the nodes' certificates.
    var authorityFile: String?
    /// The node's own, and its key, for both directions.
    var certificateFile: String?
    var keyFile: String?

    /// As the router takes it; `nil` unless all three are there.
    var both: (server: ServerTLS, client: ClientTLS)? {
        guard let authorityFile, let certificateFile, let keyFile else { return nil }
        let certificate = CertificateFiles(chainFile: certificateFile, keyFile: keyFile)
        return (
            ServerTLS(certificates: [certificate], clientAuthorityFile: authorityFile, protocols: [.http1]),
            ClientTLS(authorityFile: authorityFile, certificate: certificate)
        )
    }

    /// The keys that are not given while another is.
    var missing: [String] {
        let all = [
            ("peers.tls.ca", authorityFile), ("peers.tls.certificate", certificateFile), ("peers.tls.key", keyFile),
        ]
        let missing = all.filter { $0.1 == nil }.map(\.0)
        return missing.count == all.count ? [] : missing
    }
}

/// The listener for operators.
struct AdminSettings: Sendable {
    var host = "127.0.0.1"
    var port = 8081
}

/// A listener for probes alone; off without a port.
struct ProbesSettings: Sendable {
    var host = "0.0.0.0"
    var port: Int?
}

/// Where the records are.
struct DirectorySettings: Sendable {
    enum Store: String, Sendable, CaseIterable {
        case sqlite
        case postgres
    }

    var store = Store.sqlite
    /// The file of the SQLite store.
    var path = "residency.sqlite"
    /// The PostgreSQL database, by a URL that libpq reads.
    var url: Secret?
    var poolSize = 4
    var connectTimeout = Duration.seconds(5)
    var statementTimeout = Duration.seconds(5)
    var pollInterval = Duration.milliseconds(500)
}

/// The node's own copy of a directory that nodes share.
struct MirrorSettings: Sendable {
    var path = "residency-mirror.sqlite"
    /// How long it is served from after the directory has last confirmed it.
    var maxAge = Duration.seconds(86_400)
}

/// The key that secrets are sealed with in the directory.
struct SecretsSettings: Sendable {
    var keyFile = "residency.key"
    /// The key itself, 32 bytes in base64, from the environment; goes before the file.
    var key: Secret?
    /// Whether a key file that is not there is made at the first start.
    var createKeyFile = true
    /// Further keys, which open what they sealed.
    var keys: [NamedKey] = []
    /// The name of the key of `keys` that seals; without it the one of the file or the environment does.
    var current: String?

    /// A key and where it is to be had.
    struct NamedKey: Sendable, Equatable {
        var name: String
        var source: KeySource
    }
}

/// The host's ways with Connect apps.
struct ConnectSettings: Sendable {
    /// Where the public keys of lifecycle calls are, by `kid`.
    var installKeysURL = WebAddress(known: .https, "connect-install-keys.atlassian.com")
    /// Other key servers, by the end of the host name in the body's `baseUrl`.
    var keyServers: [String: WebAddress] = [
        ".jira-dev.com": WebAddress(known: .https, "cs-migrations--cdn.us-west-1.staging.public.atl-paas.net"),
        ".atlassian-fex.net": WebAddress(
            known: .https, "cs-migrations--cdn.ap-southeast-1.staging.public.atl-paas.net"),
    ]
    /// Hosts that may install the app: what the host name of `baseUrl` ends in.
    var hostSuffixes = [".atlassian.net"]
}

/// The host's ways with Forge apps.
struct ForgeSettings: Sendable {
    /// A key set other than the ordinary one, and the tokens it is for.
    struct KeySet: Sendable, Equatable {
        /// What the token's `app.apiBaseUrl` begins with.
        var apiBaseURL: String?
        /// What the token's `icLabel` is.
        var isolatedCloudLabel: String?
        var jwksURL: WebAddress
    }

    /// The app's ARI; where absent, the manifest's.
    var appID: String?
    var jwksURL = WebAddress(known: .https, "forge.cdn.prod.atlassian-dev.net", path: "/.well-known/jwks.json")
    var environments = ["PRODUCTION"]
    /// Asked in order, before the ordinary set.
    var keySets = [
        KeySet(
            apiBaseURL: "https://api.stg.atlassian.com/", isolatedCloudLabel: nil,
            jwksURL: WebAddress(known: .https, "forge.cdn.stg.atlassian-dev.net", path: "/.well-known/jwks.json"))
    ]
}

/// How tenants are told apart.
struct IdentifySettings: Sendable {
    /// The gateway's own cookie.
    struct Cookie: Sendable {
        var enabled = false
        var lifetime = Duration.seconds(3_600)
        /// The file of the key that signs it.
        var keyFile = "residency-cookie.key"
    }

    var mode = IdentifyConfiguration.Mode.enforce
    var leeway = Duration.seconds(30)
    var routes: [TenantRoute] = []
    /// Calls the host makes beside those of the declaration.
    var declaredCalls: [DeclaredCall] = []
    /// Calls of the declaration that take a context token all the same.
    var contextTokenCalls: [DeclaredCall] = []
    var cookie = Cookie()
}

/// What becomes of secrets and placements when a tenant comes again.
struct LifecycleSettings: Sendable {
    /// How long the secret before the last is honoured; zero for not at all.
    var previousSecretFor = Duration.seconds(3_600)
    /// How long after `uninstalled` a tenant keeps its region.
    var reinstallWindow = Duration.seconds(30 * 86_400)
}

/// Calls of the gateway's own: keys, declaration.
struct OutboundSettings: Sendable {
    /// Private addresses that may be called.
    var allow: [AddressRange] = []
    /// The URL of a proxy; empty for none.
    var proxy = ""
    /// Less than requests wait for a key (`limits.parkTimeout`), so that they hear why there is none.
    var timeout = Duration.seconds(4)
}

/// What is logged.
struct LogSettings: Sendable {
    var level = Logger.Level.info
    /// One line a request.
    var access = true
}

/// How changes of the configuration are noticed while the gateway serves.
struct ReloadSettings: Sendable {
    /// Between two looks at the files; zero for none.
    var interval = Duration.seconds(2)
}

/// The beginning of a graceful stop.
struct DrainSettings: Sendable {
    /// How long connections are still accepted after `/readyz` says no.
    var delay = Duration.zero
}
