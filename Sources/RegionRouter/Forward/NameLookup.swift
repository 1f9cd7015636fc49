import Dispatch
import Glibc
import NIOCore

/// Looks host names up, on a thread of its own: the system's resolver blocks for as long as it likes.
enum NameLookup {
    /// Addresses of one name that are used.
    static let maxAddresses = 16
    private static let queue = DispatchQueue(label: "name-lookup")

    /// Every address of a name, each once; empty when the resolver knows none or does not answer.
    static func addresses(of host: String, port: Int) async -> [SocketAddress] {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: resolve(host, port)) }
        }
    }

    private static func resolve(_ host: String, _ port: Int) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var found: [SocketAddress] = []
        var next = list
        while let entry = next?.pointee, found.count < maxAddresses {
            if let address = address(entry, host), !found.contains(address) { found.append(address) }
            next = entry.ai_next
        }
        return found
    }

    private static func address(_ entry: addrinfo, _ host: String) -> SocketAddress? {
        guard let bytes = UnsafeRawPointer(entry.ai_addr) else { return nil }
        switch entry.ai_family {
        case AF_INET: return SocketAddress(bytes.loadUnaligned(as: sockaddr_in.self), host: host)
        case AF_INET6: return SocketAddress(bytes.loadUnaligned(as: sockaddr_in6.self), host: host)
        default: return nil
        }
    }
}
