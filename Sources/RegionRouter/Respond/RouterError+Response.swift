import NIOCore

extension RouterError {
    /// The status the client gets.
    package var status: Int {
        switch code {
        case .badRequest, .unsupportedVersion, .badBody, .badPeerCall: 400
        case .missingToken, .malformedToken, .twoTokens, .badAlgorithm, .badSignature, .badClaims, .badAudience,
            .badEnvironment, .expired, .notYetValid, .badQueryHash, .contextTokenNotAllowed, .unknownKey,
            .unknownTenant, .uninstalled:
            401
        case .notFound: 404
        case .methodNotAllowed: 405
        case .requestTimeout: 408
        case .bodyTooLarge: 413
        case .targetTooLong: 414
        case .unknownHost: 421
        case .headTooLarge: 431
        case .internalFault: 500
        case .noInstance, .appUnreachable, .appBadResponse, .appClosed, .peerUnreachable, .peerClosed, .peerBadResponse,
            .peerWrongRegion:
            502
        case .keyServerUnavailable, .directoryUnavailable, .held, .holdFull, .moving, .disputed, .busy: 503
        case .appTimeout, .peerTimeout: 504
        case .peerLoop: 508
        }
    }

    /// The status's name (RFC 9110 §15, RFC 6585).
    static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 204: "No Content"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 421: "Misdirected Request"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 508: "Loop Detected"
        default: "Status"
        }
    }

    /// What was wrong, in one word for the title; RFC 9457 wants the same title for every occurrence of a type.
    var title: String { code.rawValue.split(separator: "-").joined(separator: " ") }

    /// The whole response: `application/problem+json` (RFC 9457).
    ///
    /// - Parameter ownLines: more fields, each with its CRLF.
    func response(requestID: String, closes: Bool, omitsBody: Bool, ownLines: String = "") -> ByteBuffer {
        var members = [
            ("type", QuotedJSON.string("urn:residency-gateway:\(code.rawValue)")), ("title", QuotedJSON.string(title)),
            ("status", "\(status)"), ("code", QuotedJSON.string(code.rawValue)), ("detail", QuotedJSON.string(detail)),
        ]
        if !requestID.isEmpty { members.append(("requestId", QuotedJSON.string(requestID))) }
        let body = "{" + members.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}\n"
        var head = "HTTP/1.1 \(status) \(Self.reason(status))\r\nContent-Type: application/problem+json\r\n"
        head +=
            "Content-Length: \(body.utf8.count)\r\nX-Residency-Error: \(code.rawValue)\r\nCache-Control: no-store\r\n"
        if status == 401 { head += "WWW-Authenticate: JWT\r\n" }
        if let retryAfterSeconds { head += "Retry-After: \(retryAfterSeconds)\r\n" }
        head += ownLines
        if closes { head += "Connection: close\r\n" }
        return ByteBuffer(string: head + "\r\n" + (omitsBody ? "" : body))
    }
}
