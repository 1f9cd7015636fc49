import NIOCore
import TenantDirectory

/// What is known of one request when it is over: the log line and the counters are made of it. No path, no query, no
/// token, nothing about a person.
struct RequestRecord {
    /// Made by the gateway, unless a trusted proxy has given one.
    var id: UInt64 = 0
    var givenID: String?
    var method: RequestHead.Method = .other
    var route = RouteKind.none
    var region: Region?
    var tenant: TenantID?
    var status = 0
    var error: RouterError.Code?
    var requestBytes = 0
    var responseBytes = 0
    var startedAt = NIODeadline.uptimeNanoseconds(0)
    var identifiedAt: NIODeadline?
    var connectedAt: NIODeadline?
    var firstByteAt: NIODeadline?
    var endedAt = NIODeadline.uptimeNanoseconds(0)

    /// The request's name as it stands in the log, in an error's body and in `X-Request-Id`.
    var requestID: String { givenID ?? RequestID(value: id).text }

    func microseconds(to time: NIODeadline?) -> Int? {
        time.map { Int(($0 - startedAt).nanoseconds / 1_000) }
    }
}

extension RequestHead.Method {
    /// For the log: of a closed set.
    var name: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .patch: "PATCH"
        case .options: "OPTIONS"
        case .trace: "TRACE"
        case .connect: "CONNECT"
        case .other: "OTHER"
        }
    }
}
