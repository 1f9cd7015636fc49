import Glibc
import Logging
import RegionRouter
import TenantDirectory

/// Everything that TLS needs of files, read before a port is bound.
struct GatewayCertificates: Sendable {
    /// What the host's listener shows; `nil` for plain HTTP.
    let listen: Renewable<ServerContexts>?
    /// What app instances are called with.
    let app: Renewable<ClientContext>
    /// What nodes show each other, in either direction; `nil` for plain HTTP between them.
    let peers: (listen: Renewable<ServerContexts>, calls: Renewable<ClientContext>)?
    private let interval: Duration
    private let logger: Logger

    /// Blocks while it reads.
    /// - Throws: ``Complaints`` about every file that cannot be used, under its key.
    static func load(
        _ configuration: GatewayConfiguration, logger: Logger = Logger(label: "residency-gateway")
    ) throws(Complaints) -> GatewayCertificates {
        var complaints: [Complaint] = []
        func noting<Value>(_ key: String, _ body: () throws(TLSFaults) -> Value) -> Value? {
            do throws(TLSFaults) {
                return try body()
            } catch {
                complaints += error.list.map {
                    Complaint(configuration.place(of: key), key, $0.description)
                }
                return nil
            }
        }
        let app = configuration.app.tls
        for (key, given, other) in [
            ("app.tls.key", app.keyFile, app.certificateFile),
            ("app.tls.certificate", app.certificateFile, app.keyFile),
        ] where given == nil && other != nil {
            complaints.append(
                Complaint(
                    configuration.place(of: "app.tls"), key,
                    "is missing: a certificate needs its key, and the "
                        + "other way round"))
        }
        let server = configuration.listenTLS.server
        let listen = noting("listen.tls.certificates") { () throws(TLSFaults) in
            guard let server else { return Renewable<ServerContexts>?.none }
            return try Renewable(server, now: now)
        }
        let client = noting("app.tls.certificate") { () throws(TLSFaults) in try Renewable(app.client, now: now) }
        let both = configuration.peers.tls.both
        let peers = noting("peers.tls.certificate") {
            () throws(TLSFaults) -> (listen: Renewable<ServerContexts>, calls: Renewable<ClientContext>)? in
            guard let both else { return nil }
            return (try Renewable(both.server, now: now), try Renewable(both.client, now: now))
        }
        guard complaints.isEmpty, let listen, let client, let peers else { throw Complaints(complaints) }
        return GatewayCertificates(
            listen: listen, app: client, peers: peers, interval: configuration.listenTLS.reloadInterval, logger: logger)
    }

    /// As the router takes them.
    var router: RouterCertificates {
        RouterCertificates(listen: listen, peersListen: peers?.listen, app: app, peers: peers?.calls)
    }

    /// Who looks after their files while the gateway serves.
    var watcher: CertificateWatcher { CertificateWatcher(watched: watched, interval: interval, logger: logger) }

    /// Whom the watcher looks after.
    var watched: [CertificateWatcher.Watched] {
        var watched = [
            CertificateWatcher.Watched(
                key: "app.tls", renew: { app.renew(always: $0) }, expiry: { app.current.expiry })
        ]
        if let listen {
            watched.append(
                CertificateWatcher.Watched(
                    key: "listen.tls", renew: { listen.renew(always: $0) }, expiry: { listen.current.expiry }))
        }
        if let peers {
            watched.append(
                CertificateWatcher.Watched(
                    key: "peers.tls",
                    renew: { always in
                        // Of the same files; told of once.
                        let (shown, used) = (peers.listen.renew(always: always), peers.calls.renew(always: always))
                        if case .unchanged = used { return shown }
                        if case .refused = shown { return shown }
                        return used
                    }, expiry: { peers.listen.current.expiry }))
        }
        return watched
    }

    /// Public host names that no certificate is for: who calls them will refuse the connection.
    func uncovered(_ endpoints: [PublicEndpoint]) -> [String] {
        guard let contexts = listen?.current else { return [] }
        let hosts = endpoints.filter { $0.baseURL.hasPrefix("https://") }.compactMap { endpoint in
            (try? WebAddress(endpoint.baseURL))?.host
        }
        return Set(hosts).filter { IPAddress($0) == nil && !contexts.covers($0) }.sorted()
    }

    @Sendable private static func now() -> Int64 { Int64(time(nil)) }
}
