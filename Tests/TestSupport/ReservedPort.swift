import Foundation

/// A port at which nobody listens, kept from being given to anybody who asks for a free one while this lives.
/// Who names the port, and lets an address be used again as servers do, can listen at it all the same.
package final class ReservedPort: Sendable {
    package let port: Int
    private let descriptor: Int32

    struct Unavailable: Error, CustomStringConvertible {
        let description: String
    }

    /// - Parameter wanted: 0 for any that is free.
    package init(_ wanted: Int = 0) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Unavailable(description: "no socket: errno \(errno)") }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(wanted).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) == 0 && getsockname(descriptor, pointer, &length) == 0
            }
        }
        let reason = errno
        self.descriptor = descriptor
        port = Int(UInt16(bigEndian: address.sin_port))
        // `deinit` closes the descriptor from here on, for a thrown error too.
        guard isBound else { throw Unavailable(description: "port \(wanted) cannot be had: errno \(reason)") }
    }

    deinit { close(descriptor) }
}
