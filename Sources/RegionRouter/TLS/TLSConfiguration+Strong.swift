import NIOCore
import NIOSSL

extension TLSConfiguration {
    /// TLS 1.2 with forward secrecy and authenticated encryption, or 1.3; nothing that HTTP/2 forbids (RFC 9113
    /// §9.2.2).
    mutating func takeOnlyStrongTLS() {
        minimumTLSVersion = .tlsv12
        cipherSuiteValues = [
            .TLS_AES_128_GCM_SHA256, .TLS_AES_256_GCM_SHA384, .TLS_CHACHA20_POLY1305_SHA256,
            .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        ]
        renegotiationSupport = .none
        // How long a closing connection waits for the other side's farewell.
        shutdownTimeout = .seconds(2)
    }
}
