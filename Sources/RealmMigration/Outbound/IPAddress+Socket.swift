import CLibCurl
import Glibc
import TenantDirectory

extension IPAddress {
    /// From a `sockaddr` of libcurl's.
    /// - Returns: `nil` for a family other than IPv4 and IPv6.
    init?(family: Int32, at address: UnsafeRawPointer?) {
        guard let address else { return nil }
        switch family {
        case AF_INET:
            let raw = address.loadUnaligned(as: sockaddr_in.self).sin_addr
            self.init(bytes: withUnsafeBytes(of: raw) { Array($0) })
        case AF_INET6:
            let raw = address.loadUnaligned(as: sockaddr_in6.self).sin6_addr
            self.init(bytes: withUnsafeBytes(of: raw) { Array($0) })
        default: return nil
        }
    }
}
