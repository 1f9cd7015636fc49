import NIOSSL

/// Two nodes did not come to trust each other by their certificates: what the operator is told.
package struct PeerFault: Error, Sendable, Equatable {
    /// A closed set, and the sentence that stands in the log.
    package enum Reason: String, Sendable, CaseIterable {
        case noCertificate = "it shows no certificate; is it a node, and has it peers.tls?"
        case notVerified =
            "its certificate is not signed by an authority in peers.tls.ca, or is not valid now; look at the clocks too"
        case otherName = "its certificate does not have the name or address that peers or node.address call it by"
        case notAllowed = "its certificate has no name that peers.listen.names allows"
        case refused = "it does not accept this node's certificate; its own log says why"
        case noTLS = "it does not speak TLS there; give it peers.tls, or call it by http"

        /// - Returns: `nil` for what says nothing of trust, such as a connection that broke.
        init?(_ error: any Error) {
            if let error = error as? NIOSSLExtraError {
                guard error == .failedToValidateHostname || error == .serverHostnameImpossibleToMatch else {
                    return nil
                }
                self = .otherName
                return
            }
            if case NIOSSLError.unableToValidateCertificate = error {
                self = .notVerified
                return
            }
            // The library has its causes in their text alone.
            let text = "\(error)"
            let known: [(mark: String, reason: Reason)] = [
                ("PEER_DID_NOT_RETURN_A_CERTIFICATE", .noCertificate), ("CERTIFICATE_VERIFY_FAILED", .notVerified),
                ("_ALERT_", .refused), ("WRONG_VERSION_NUMBER", .noTLS), ("HTTP_REQUEST", .noTLS),
            ]
            guard let found = known.first(where: { text.contains($0.mark) }) else { return nil }
            self = found.reason
        }
    }

    package let reason: Reason
    /// `us-1.internal:8443` where it was called; of a caller the address it came from.
    package let address: String
    /// Whether the other node was the one that called.
    package let isCaller: Bool

    package init(_ reason: Reason, address: String, isCaller: Bool) {
        self.reason = reason
        self.address = address
        self.isCaller = isCaller
    }
}
