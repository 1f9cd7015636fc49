import Foundation
import Testing

/// An entry of the published, third-party and derived test vectors of `qsh`.
struct QueryHashVector: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let method: String
    let url: String
    let baseUrl: String?
    let canonical: String
    let qsh: String
    let jwt: String?
    let jwtSecret: String?
    let claims: Claims?
    let formBody: String?

    struct Claims: Decodable, Sendable {
        let iss: String
        let iat: Int64
        let exp: Int64
    }

    var testDescription: String { name }

    /// What stands behind the authority, without the query.
    var path: String { Self.path(url) }
    var basePath: String { baseUrl.map { Self.path($0) } ?? "" }
    /// Parameters of a form count like those of a query, for the libraries that count them at all.
    var query: String {
        guard let mark = url.firstIndex(of: "?") else { return formBody ?? "" }
        return String(url[url.index(after: mark)...])
    }

    private static func path(_ url: String) -> String {
        let whole = url.prefix { $0 != "?" }
        guard let scheme = whole.range(of: "://"), let slash = whole[scheme.upperBound...].firstIndex(of: "/") else {
            return ""
        }
        return String(whole[slash...])
    }

    static let all: [QueryHashVector] = {
        guard let url = Bundle.module.url(forResource: "qsh-vectors", withExtension: "json", subdirectory: "Fixtures"),
            let data = try? Data(contentsOf: url)
        else { return [] }
        return (try? JSONDecoder().decode([QueryHashVector].self, from: data)) ?? []
    }()
}
