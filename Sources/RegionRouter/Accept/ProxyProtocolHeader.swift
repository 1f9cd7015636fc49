package import TenantDirectory

/// The binary header of PROXY protocol version 2, with which a load balancer names the client of a connection
/// (haproxy.org, proxy-protocol.txt §2.2).
package struct ProxyProtocolHeader: Sendable, Equatable {
    package enum Reading: Sendable, Equatable {
        case incomplete
        /// Not such a header: the connection is closed, for nothing on it can be believed.
        case malformed
        case complete(ProxyProtocolHeader)
    }

    /// The client's address; `nil` for LOCAL connections (health checks of the load balancer itself) and for families
    /// other than IPv4 and IPv6: then the peer's own address counts.
    package let source: IPAddress?
    /// Bytes of the whole header.
    package let length: Int

    private static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
    /// Addresses and extensions together; load balancers send a few hundred at most.
    private static let maxLength = 4_096

    package static func read(_ bytes: UnsafeRawBufferPointer) -> Reading {
        for index in 0..<min(bytes.count, signature.count) where bytes[index] != signature[index] { return .malformed }
        guard bytes.count >= 16 else { return .incomplete }
        guard bytes[12] >> 4 == 2 else { return .malformed }
        let rest = Int(bytes[14]) << 8 | Int(bytes[15])
        guard rest <= maxLength else { return .malformed }
        guard bytes.count >= 16 + rest else { return .incomplete }
        switch bytes[12] & 0x0F {
        case 0:
            return .complete(ProxyProtocolHeader(source: nil, length: 16 + rest))
        case 1:
            let addressBytes: Int
            switch bytes[13] >> 4 {
            case 1: addressBytes = 4
            case 2: addressBytes = 16
            default: return .complete(ProxyProtocolHeader(source: nil, length: 16 + rest))
            }
            guard rest >= 2 * addressBytes + 4 else { return .malformed }
            let source = IPAddress(bytes: Array(bytes[16..<16 + addressBytes]))
            return .complete(ProxyProtocolHeader(source: source, length: 16 + rest))
        default:
            return .malformed
        }
    }
}
