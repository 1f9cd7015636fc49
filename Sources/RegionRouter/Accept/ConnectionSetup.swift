import NIOCore
import TenantDirectory

/// Puts together what an accepted connection is read by: HTTP/1.1 as it comes, or behind TLS what ALPN settles on.
struct ConnectionSetup {
    let loop: RouterLoop
    let door: Door

    private var shared: RouterShared { loop.shared }

    /// To be called on the channel's event loop.
    func set(up channel: any Channel) throws {
        let peer = channel.remoteAddress?.ipAddress.flatMap { IPAddress($0) }
        guard let certificates = door == .host ? shared.certificates.listen : shared.certificates.peersListen else {
            let connection = ClientConnection(loop: loop, peer: peer, link: ClientLink(door: door))
            return try channel.pipeline.syncOperations.addHandler(connection)
        }
        guard loop.handshakes < shared.limits.handshakes else {
            shared.observer.observe(.connectionRefused)
            return channel.close(promise: nil)
        }
        var link = ClientLink(door: door, isSecure: true, proxyHeaderRead: true)
        guard door == .host, shared.configuration.listen.awaitsProxyHeader(from: peer) else {
            return try secure(channel, certificates.current, peer, link)
        }
        let header = ProxyHeaderHandler(timeout: shared.times.handshake) { header, channel in
            link.client = header.source
            try secure(channel, certificates.current, peer, link)
        }
        try channel.pipeline.syncOperations.addHandler(header)
    }

    private func secure(
        _ channel: any Channel, _ contexts: ServerContexts, _ peer: IPAddress?, _ link: ClientLink
    ) throws {
        loop.handshakes += 1
        try TLSPipeline.add(to: channel, contexts: contexts, timeout: shared.times.handshake) { ending, channel in
            loop.handshakes -= 1
            guard case .done(let applicationProtocol) = ending else {
                if case .failed(let error?) = ending, let reason = PeerFault.Reason(error) { refuse(peer, reason) }
                return shared.observer.observe(.handshakeFailed)
            }
            guard !loop.isDraining else { throw ChannelError.eof }
            var link = link
            if door == .peers {
                guard let certificate = PeerCertificate.of(channel)?.allowed(by: allowedNames) else {
                    refuse(peer, .notAllowed)
                    shared.observer.observe(.handshakeFailed)
                    throw ChannelError.eof
                }
                link.certificate = certificate
            }
            if applicationProtocol == ServerTLS.ApplicationProtocol.http2.rawValue {
                link.isStream = true
                try HTTP2Session.add(to: channel, loop: loop, peer: peer, link: link)
            } else {
                let connection = ClientConnection(loop: loop, peer: peer, link: link)
                try channel.pipeline.syncOperations.addHandler(connection)
            }
        }
    }

    /// As of now: what is configured anew counts for the next connection.
    private var allowedNames: [String] { shared.configuration.peers.listener?.names ?? [] }

    private func refuse(_ caller: IPAddress?, _ reason: PeerFault.Reason) {
        guard door == .peers else { return }
        let address = caller.map { "\($0)" } ?? "an unknown address"
        shared.observer.observe(.peerFault(PeerFault(reason, address: address, isCaller: true)))
    }
}
