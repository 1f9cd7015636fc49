/// An `http` or `https` URL of a server: a base URL, or the address of a key server. It has no query, no fragment and
/// no user name, so it can be compared, shown and logged.
struct WebAddress: Hashable, Sendable, CustomStringConvertible {
    enum Scheme: String, Sendable {
        case http, https

        var defaultPort: Int { self == .http ? 80 : 443 }
    }

    let scheme: Scheme
    /// In lower case; an IPv6 address without its brackets.
    let host: String
    /// The scheme's own where the URL names none.
    let port: Int
    /// Empty, or `/` and more, without a slash at the end.
    let path: String

    /// The descriptor schema's bound on `baseUrl`.
    static let maximumLength = 200

    /// - Throws: ``Misfit`` with the sentence that says what is wrong.
    init(_ text: String) throws(Misfit) {
        guard !text.contains("{{") else {
            throw Misfit(
                "\(Misfit.shown(text)) is a template that the app fills in when it runs; give the URL at which the "
                    + "running app serves its descriptor instead of the file")
        }
        guard text.utf8.count <= Self.maximumLength else {
            throw Misfit("is longer than \(Self.maximumLength) characters")
        }
        let (scheme, rest) = try Self.scheme(of: text)
        guard !rest.contains("?"), !rest.contains("#") else {
            throw Misfit("must have no query and no fragment, as in https://app.example.com, not \(Misfit.shown(text))")
        }
        let authority = rest.prefix { $0 != "/" }
        guard !authority.contains("@") else { throw Misfit("must have no user name or password in it") }
        let path = String(rest.dropFirst(authority.count))
        self.scheme = scheme
        (host, port) = try Self.hostAndPort(authority, text: text, scheme: scheme)
        self.path = try Self.checked(path: path)
    }

    /// An address written in this program.
    init(known scheme: Scheme, _ host: String, path: String = "") {
        self.scheme = scheme
        self.host = host
        self.port = scheme.defaultPort
        self.path = path
    }

    /// As in a `Host` field: with the port where it is not the scheme's own.
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == scheme.defaultPort ? name : "\(name):\(port)"
    }

    var description: String { "\(scheme.rawValue)://\(authority)\(path)" }

    private static func scheme(of text: String) throws(Misfit) -> (Scheme, Substring) {
        for scheme in [Scheme.https, .http] {
            let start = scheme.rawValue + "://"
            if text.lowercased().hasPrefix(start) { return (scheme, text.dropFirst(start.count)) }
        }
        throw Misfit("must be a URL that begins with https:// or http://, not \(Misfit.shown(text))")
    }

    private static func hostAndPort(
        _ authority: Substring, text: String, scheme: Scheme
    ) throws(Misfit) -> (String, Int) {
        var name = authority
        var port = scheme.defaultPort
        let end = name.lastIndex(of: "]") ?? name.startIndex
        if let colon = name[end...].lastIndex(of: ":") {
            let digits = name[name.index(after: colon)...]
            guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int(digits),
                (1...65_535).contains(number)
            else { throw Misfit("has a port that is not a number from 1 to 65535: \(Misfit.shown(text))") }
            port = number
            name = name[..<colon]
        }
        if name.hasPrefix("["), name.hasSuffix("]") {
            let inner = name.dropFirst().dropLast()
            guard inner.contains(":"), inner.allSatisfy({ $0.isASCII && ($0.isHexDigit || $0 == ":" || $0 == ".") })
            else { throw Misfit("has brackets without an IPv6 address: \(Misfit.shown(text))") }
            return (inner.lowercased(), port)
        }
        let isName = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard !name.isEmpty, isName else { throw Misfit("has no proper host name: \(Misfit.shown(text))") }
        return (name.lowercased(), port)
    }

    private static func checked(path: String) throws(Misfit) -> String {
        guard !path.isEmpty else { return "" }
        guard !path.hasSuffix("/") else {
            throw Misfit("must not end in a slash, because paths that begin with one are appended to it; remove it")
        }
        let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard !segments.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }) else {
            throw Misfit("has a path with an empty, `.` or `..` segment: \(Misfit.shown(path))")
        }
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=:@%/".utf8)
        guard path.utf8.allSatisfy(allowed.contains) else {
            throw Misfit("has a path with a character that a URL must escape: \(Misfit.shown(path))")
        }
        return path
    }
}
