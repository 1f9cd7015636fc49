import NIOCore
import TenantDirectory

/// What is known of one request when it is over: the log line and the counters are made of it. No path, no query, no
/// token, nothing about a person.
struct RequestRecord {
    var id = ""
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
