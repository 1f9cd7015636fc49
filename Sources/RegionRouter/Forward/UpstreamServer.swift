import NIOCore
import Synchronization

/// One server that requests are sent to, as all event loops share it: an app instance, or a peer. What is read for each
/// request is one word each.
final class UpstreamServer: Sendable {
    enum Kind: Sendable {
        case app
        case peer
    }

    /// What can go wrong with it, seen from here.
    enum Fault {
        case unreachable
        /// It takes no connection in time.
        case connectTimeout
        case closedAtOnce
        case closed
        case timeout
        case badResponse(String)
        case queueFull
        case queueTimeout
    }

    let kind: Kind
    let address: UpstreamAddress
    /// As it stands in a `Host` field.
    let authority: [UInt8]
    /// Requests that it may be working on, of all loops. Relaxed: a choice made by a number of a moment ago is as good.
    let outstanding = Atomic<Int>(0)
    /// Whether requests go elsewhere while there is an elsewhere.
    let isOut = Atomic<Bool>(false)
    /// Nanoseconds of the monotonic clock at which it began to take requests again; 0 when it is in full use.
    let warmingSince = Atomic<UInt64>(0)
    /// Requests that have failed by it since the last that did not.
    let failures = Atomic<Int>(0)
    /// What the last check of it said: 0 before the first, 1 well, 2 not.
    let lastCheck = Atomic<Int>(0)
    /// Its host is an address, which needs no looking up.
    let isAddress: Bool
    /// Where its name led when it was last looked up; empty before.
    private let resolved = Mutex<[SocketAddress]>([])

    init(_ kind: Kind, _ address: UpstreamAddress) {
        self.kind = kind
        self.address = address
        authority = Array(address.authority.utf8)
        let literal = try? SocketAddress(ipAddress: address.host, port: address.port)
        isAddress = literal != nil
        if let literal { resolved.withLock { $0 = [literal] } }
    }

    /// Where connections go; empty while its name has not been looked up.
    var socketAddresses: [SocketAddress] { resolved.withLock { $0 } }

    /// Its name has been looked up. An empty list is not taken: the last good one stays.
    func resolved(to addresses: [SocketAddress]) {
        guard !addresses.isEmpty else { return }
        resolved.withLock { $0 = addresses }
    }

    /// The error that a request gets for a fault.
    func error(_ fault: Fault) -> RouterError { kind == .app ? appError(fault) : peerError(fault) }

    private func appError(_ fault: Fault) -> RouterError {
        switch fault {
        case .unreachable: RouterError(.appUnreachable, origin: .app, "The app instance could not be reached.")
        case .connectTimeout:
            RouterError(.appTimeout, origin: .app, "The app instance did not accept a connection in time.")
        case .closedAtOnce:
            RouterError(.appUnreachable, origin: .app, "The app instance closed a new connection at once.")
        case .closed:
            RouterError(.appClosed, origin: .app, "The app instance closed the connection before it answered.")
        case .timeout: RouterError(.appTimeout, origin: .app, "The app instance did not answer in time.")
        case .badResponse(let detail): RouterError(.appBadResponse, origin: .app, detail)
        case .queueFull:
            RouterError(
                .busy, origin: .gateway, "Too many requests wait for a connection to the app instance.",
                retryAfterSeconds: 1)
        case .queueTimeout:
            RouterError(
                .busy, origin: .gateway, "No connection to the app instance became free in time.",
                retryAfterSeconds: 1)
        }
    }

    private func peerError(_ fault: Fault) -> RouterError {
        let node = "The node at \(address.authority)"
        switch fault {
        case .unreachable: return RouterError(.peerUnreachable, origin: .peer, "\(node) could not be reached.")
        case .connectTimeout:
            return RouterError(.peerTimeout, origin: .peer, "\(node) did not accept a connection in time.")
        case .closedAtOnce:
            return RouterError(.peerUnreachable, origin: .peer, "\(node) closed a new connection at once.")
        case .closed:
            let hint = address.isSecure ? " Where the two do not trust each other, the logs of both say why." : ""
            return RouterError(.peerClosed, origin: .peer, "\(node) closed the connection before it answered.\(hint)")
        case .timeout: return RouterError(.peerTimeout, origin: .peer, "\(node) did not answer in time.")
        case .badResponse:
            return RouterError(.peerBadResponse, origin: .peer, "\(node) broke HTTP's rules; is it a gateway?")
        case .queueFull, .queueTimeout:
            return RouterError(
                .busy, origin: .gateway, "Too many requests wait for a connection to \(address.authority).",
                retryAfterSeconds: 1)
        }
    }
}
