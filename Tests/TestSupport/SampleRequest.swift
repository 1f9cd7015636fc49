package import RegionRouter
import TenantDirectory

/// A request head put together for a test: bytes, and where things stand in them.
package struct SampleRequest {
    package var method: String
    package var target: String
    package var fields: [(name: String, value: String)]

    package init(_ method: String = "GET", _ target: String = "/", _ fields: [(String, String)] = []) {
        self.method = method
        self.target = target
        self.fields = fields.map { (name: $0.0, value: $0.1) }
    }

    /// The bytes and the places, as a scanner would find them.
    package func scanned() -> (bytes: [UInt8], head: RequestHead) {
        var bytes: [UInt8] = []
        func append(_ text: String) -> Range<Int> {
            let start = bytes.count
            bytes += Array(text.utf8)
            return start..<bytes.count
        }
        var head = RequestHead()
        head.method = Self.methods[method] ?? .other
        head.methodRange = append(method)
        _ = append(" ")
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        head.path = append(String(parts[0]))
        if parts.count > 1 {
            head.hasQuery = true
            _ = append("?")
            head.query = append(String(parts[1]))
        }
        _ = append(" HTTP/1.1\r\n")
        head.fieldsStart = bytes.count
        for field in fields {
            _ = append(field.name + ": ")
            let value = append(field.value)
            _ = append("\r\n")
            note(field.name, value, in: &head)
        }
        _ = append("\r\n")
        head.end = bytes.count
        head.fieldCount = fields.count
        return (bytes, head)
    }

    private func note(_ name: String, _ value: Range<Int>, in head: inout RequestHead) {
        switch name.lowercased() {
        case "authorization":
            head.repeatsAuthorization = head.hasAuthorization
            head.authorization = value
            head.hasAuthorization = true
        case "x-acpt":
            head.repeatsSessionToken = !head.sessionToken.isEmpty
            head.sessionToken = value
        case "cookie": head.cookies.append(value)
        case "host": head.host = value
        default: break
        }
    }

    private static let methods: [String: RequestHead.Method] = [
        "GET": .get, "HEAD": .head, "POST": .post, "PUT": .put, "DELETE": .delete, "PATCH": .patch, "OPTIONS": .options,
    ]
}

extension PublicEndpoint {
    /// The plain base URL of a sample app.
    package static func sample(basePath: String = "") -> PublicEndpoint {
        PublicEndpoint(
            region: .global, baseURL: "https://app.example.com" + basePath, authority: "app.example.com",
            basePath: basePath)
    }
}
