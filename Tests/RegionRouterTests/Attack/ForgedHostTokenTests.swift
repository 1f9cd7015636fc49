import Foundation
import RegionRouter
import TenantDirectory
import TestSupport
import Testing

/// Tokens that an attacker could make, sent over a real socket to a running router. The app must never see them.
@Suite("A forged or spoilt host token", .serialized)
struct ForgedHostTokenTests {
    typealias Claims = TokenMaker.Claims

    /// How a token is spoilt: made anew for each run, since it carries the time.
    struct Forgery: Sendable, CustomTestStringConvertible {
        let name: String
        var code: RouterError.Code?
        var request: @Sendable (Int64) -> String

        /// A request for `/panel` that carries the token in its query.
        init(_ name: String, _ code: RouterError.Code? = nil, token: @escaping @Sendable (Int64) -> String) {
            self.name = name
            self.code = code
            self.request = { "GET /panel?lic=active&jwt=\(token($0)) HTTP/1.1\r\nHost: eu.example.com\r\n\r\n" }
        }

        /// A whole request, where the token is not all there is to it.
        static func whole(
            _ name: String, _ code: RouterError.Code? = nil, _ request: @escaping @Sendable (Int64) -> String
        ) -> Forgery {
            var forgery = Forgery(name, code) { _ in "" }
            forgery.request = request
            return forgery
        }

        var testDescription: String { name }
    }

    private static let secret = "secret of one"
    private static let tenants = [
        RouterFixture.tenant("one", in: "EU", id: 1), RouterFixture.tenant("two", in: "US", id: 2),
        spoilt("nosecret", id: 3) { $0.secret = nil }, spoilt("empty", id: 4) { $0.secret = Secret("") },
        spoilt("gone", id: 5) { $0.state = .uninstalled }, spoilt("pending", id: 6) { $0.state = .pending },
    ]

    private static func spoilt(_ name: String, id: UInt64, _ change: (inout Tenant) -> Void) -> Tenant {
        var tenant = RouterFixture.tenant(name, in: "EU", id: id)
        change(&tenant)
        return tenant
    }

    @Test("is refused with 401, and the app hears nothing of it", arguments: signatures + claims + shapes + carriers)
    func refused(forgery: Forgery) async throws {
        try await RouterFixture.run(tenants: Self.tenants) { fixture in
            let socket = try fixture.connect()
            try socket.send(forgery.request(WallClock.seconds()))
            let response = try socket.receiveResponse()
            #expect(response.status == 401, "\(response.head)")
            let code = response.field("x-residency-error")
            #expect(code != nil)
            if let expected = forgery.code { #expect(code == expected.rawValue) }
            #expect(!response.text.contains(Self.secret))
            #expect(fixture.eu.requests.isEmpty && fixture.us.requests.isEmpty)
        }
    }

    @Test(
        "is told from a good one, which goes to the tenant's region whatever URL was called", arguments: ["one", "two"])
    func good(name: String) async throws {
        try await RouterFixture.run(tenants: Self.tenants) { fixture in
            let claims = Self.good(tenant: name, WallClock.seconds())
            let token = TokenMaker.hs256(claims, secret: "secret of \(name)")
            for host in ["eu", "us", "app"] {
                let socket = try fixture.connect()
                try socket.send("GET /panel?lic=active&jwt=\(token) HTTP/1.1\r\nHost: \(host).example.com\r\n\r\n")
                let response = try socket.receiveResponse()
                #expect(response.status == 200)
                #expect(response.field("x-instance") == (name == "one" ? "eu" : "us"))
            }
            let seen = (fixture.eu.requests + fixture.us.requests).joined()
            #expect(seen.components(separatedBy: "X-Residency-Tenant: \(name)\r\n").count == 4)
        }
    }

    private static func good(tenant: String = "one", _ now: Int64) -> Claims {
        TokenMaker.hostClaims(tenant: tenant, path: "/panel", query: "lic=active", at: now)
    }

    /// A good token but for these claims; `nil` takes one away.
    private static func changed(_ now: Int64, _ changes: [String: (any Sendable)?]) -> String {
        var claims = good(now)
        for (name, value) in changes { claims[name] = value }
        return TokenMaker.hs256(claims, secret: secret)
    }

    /// A good token but for one member, which is written as given.
    private static func raw(_ now: Int64, _ member: String) -> String {
        let json = String(decoding: TokenMaker.json(good(now)), as: UTF8.self)
        return signed(Array(("{" + member + "," + json.dropFirst()).utf8))
    }

    private static func signed(_ json: [UInt8]) -> String { TokenMaker.hs256(json: json, secret: Array(secret.utf8)) }

    private static func header(_ now: Int64, _ header: String) -> String {
        TokenMaker.hs256(json: TokenMaker.json(good(now)), secret: Array(secret.utf8), header: header)
    }

    private static let key = RSAPrivateKey()

    static let signatures: [Forgery] =
        ["none", "None", "NONE", "nOnE", "HS384", "RS256", "hs256", ""].flatMap { name in
            [
                Forgery("alg \(name), signed", .badAlgorithm, token: { header($0, #"{"alg":"\#(name)"}"#) }),
                Forgery("alg \(name), unsigned", .badAlgorithm) { now in
                    TokenMaker.unsigned(good(now), header: #"{"typ":"JWT","alg":"\#(name)"}"#)
                },
            ]
        } + [
            Forgery("RS256 of another's key pair", .badAlgorithm) { now in
                key.map { TokenMaker.rs256(good(now), key: $0) } ?? ""
            },
            Forgery("HS256 with a public key as the secret", .badSignature) { now in
                TokenMaker.hs256(good(now), secret: key?.publicPEM ?? "?")
            },
            Forgery("HS256 with an empty secret", .badSignature) { TokenMaker.hs256(good($0), secret: "") },
            Forgery("HS256 with another tenant's secret", .badSignature) {
                TokenMaker.hs256(good($0), secret: "secret of two")
            },
            Forgery("an empty secret of a tenant whose secret is empty", .badSignature) {
                TokenMaker.hs256(good(tenant: "empty", $0), secret: "")
            },
            Forgery("an empty secret of a tenant that has none", .badSignature) {
                TokenMaker.hs256(good(tenant: "nosecret", $0), secret: "")
            },
            Forgery(
                "no signature", token: { changed($0, [:]).split(separator: ".").dropLast().joined(separator: ".") }),
            Forgery("half a signature", .badSignature) { String(changed($0, [:]).dropLast(20)) },
            Forgery("a signature with more behind it", token: { changed($0, [:]) + "AAAA" }),
            Forgery("a padded signature", token: { changed($0, [:]) + "=" }),
            Forgery("a fourth part", token: { changed($0, [:]) + ".AAAA" }),
            Forgery("crit", token: { header($0, #"{"alg":"HS256","crit":["exp"]}"#) }),
            Forgery("two algorithms", token: { header($0, #"{"alg":"none","alg":"HS256"}"#) }),
            Forgery("an algorithm that is a list", token: { header($0, #"{"alg":["HS256"]}"#) }),
            Forgery("a header that is no object", token: { header($0, #""HS256""#) }),
        ]

    static let claims: [Forgery] = [
        Forgery("no iss", .badClaims) { changed($0, ["iss": nil]) },
        Forgery("no exp", .badClaims) { changed($0, ["exp": nil]) },
        Forgery("no iat", .badClaims) { changed($0, ["iat": nil]) },
        Forgery("no qsh", .badClaims) { changed($0, ["qsh": nil]) },
        Forgery("two iss", token: { raw($0, #""iss":"two""#) }),
        Forgery("two exp", token: { raw($0, #""exp":99999999999"#) }),
        Forgery("two qsh", token: { raw($0, #""qsh":"context-qsh""#) }),
        Forgery("two iss, one spelt with an escape", token: { raw($0, #""\u0069ss":"two""#) }),
        Forgery("expired by a second over the leeway", .expired) { changed($0, ["exp": $0 - 31]) },
        Forgery("not yet valid", .notYetValid) { changed($0, ["nbf": $0 + 60]) },
        Forgery("an unknown tenant", .unknownTenant) {
            TokenMaker.hs256(good(tenant: "three", $0), secret: secret)
        },
        Forgery("a tenant that uninstalled the app", .uninstalled) {
            TokenMaker.hs256(good(tenant: "gone", $0), secret: "secret of gone")
        },
        Forgery("a tenant whose install the app has not answered", .unknownTenant) {
            TokenMaker.hs256(good(tenant: "pending", $0), secret: "secret of pending")
        },
        Forgery("a context token where a qsh is due", .contextTokenNotAllowed) {
            changed($0, ["qsh": "context-qsh"])
        },
        Forgery("a session token on a page the host calls", .contextTokenNotAllowed) {
            changed($0, ["iss": RouterFixture.appKey, "clientKey": "one", "qsh": nil])
        },
        Forgery("the qsh of another page", .badQueryHash) {
            changed($0, ["qsh": TokenMaker.hostClaims(tenant: "one", path: "/other", at: $0)["qsh"]])
        },
        Forgery("an empty qsh", token: { changed($0, ["qsh": ""]) }),
        Forgery("a qsh in upper case", .badQueryHash) {
            changed($0, ["qsh": (good($0)["qsh"] as? String)?.uppercased()])
        },
        Forgery("a qsh that is a list", token: { changed($0, ["qsh": [good($0)["qsh"] as? String ?? ""]]) }),
        Forgery("exp as a text", token: { changed($0, ["exp": String($0 + 100)]) }),
        Forgery("exp that is null", token: { rawTimes($0, "null") }),
        Forgery("iss as a number", token: { changed($0, ["iss": 1]) }),
        Forgery("iss as a list", token: { changed($0, ["iss": ["one"]]) }),
        Forgery("iss with NUL behind it", .unknownTenant) { changed($0, ["iss": "one\u{0}"]) },
        Forgery("iss with other case", .unknownTenant) { changed($0, ["iss": "ONE"]) },
        Forgery("an empty iss", token: { changed($0, ["iss": ""]) }),
    ]

    static let shapes: [Forgery] = [
        .whole("more token than the limit", .malformedToken) { now in
            let token = changed(now, ["pad": String(repeating: "a", count: 20_000)])
            return "GET /panel HTTP/1.1\r\nHost: eu.example.com\r\nAuthorization: JWT \(token)\r\n\r\n"
        },
        Forgery(
            "invalid UTF-8 in the claims",
            token: { now in
                signed(
                    Array(#"{"x":""#.utf8) + [0xC3, 0x28, 0xFF] + Array("\",".utf8)
                        + TokenMaker.json(good(now)).dropFirst())
            }),
        Forgery(
            "an overlong NUL in iss",
            token: { now in
                signed(Array(#"{"iss":"one"#.utf8) + [0xC0, 0x80] + Array(#"","exp":\#(now + 9),"iat":\#(now)}"#.utf8))
            }),
        Forgery(
            "a lone surrogate in iss",
            token: { now in
                signed(Array(#"{"iss":"\ud800","exp":\#(now + 9),"iat":\#(now),"qsh":"context-qsh"}"#.utf8))
            }),
        Forgery("deep JSON", token: { raw($0, #""x":"# + nested(5_000)) }),
        Forgery("deeper JSON than is closed", token: { _ in signed(Array(String(repeating: "[", count: 9_000).utf8)) }),
        Forgery("exp too large for any number", token: { rawTimes($0, "1e999") }),
        Forgery("exp of many digits", token: { rawTimes($0, String(repeating: "9", count: 400)) }),
        Forgery("exp that is negative without bound", token: { rawTimes($0, "-1e999") }),
        Forgery("exp with leading zeros", token: { rawTimes($0, "0\($0 + 100)") }),
        Forgery("exp that is NaN", token: { rawTimes($0, "NaN") }),
        Forgery("exp in hexadecimal", token: { rawTimes($0, "0x7fffffff") }),
        Forgery("claims that are a list", token: { _ in signed(Array("[]".utf8)) }),
        Forgery("claims that are empty", token: { _ in signed([]) }),
        Forgery("claims with a comment", token: { raw($0, "/* */\"x\":1") }),
        Forgery(
            "claims with a trailing comma",
            token: {
                signed(
                    Array(String(decoding: TokenMaker.json(good($0)), as: UTF8.self).dropLast().utf8) + Array(",}".utf8)
                )
            }),
        Forgery("claims with more behind them", token: { signed(TokenMaker.json(good($0)) + Array("{}".utf8)) }),
        Forgery("claims behind a byte order mark", token: { signed([0xEF, 0xBB, 0xBF] + TokenMaker.json(good($0))) }),
        Forgery("no token in jwt", token: { _ in "" }),
        Forgery("a token of dots", token: { _ in ".." }),
    ]

    static let carriers: [Forgery] = [
        .whole("two different tokens in query and field", .twoTokens) { now in
            let other = TokenMaker.hs256(good(tenant: "two", now), secret: "secret of two")
            return "GET /panel?lic=active&jwt=\(changed(now, [:])) HTTP/1.1\r\nHost: eu.example.com\r\n"
                + "Authorization: JWT \(other)\r\n\r\n"
        },
        .whole("two different tokens in the query", .twoTokens) { now in
            let other = TokenMaker.hs256(good(tenant: "two", now), secret: "secret of two")
            return
                "GET /panel?lic=active&jwt=\(changed(now, [:]))&j%77t=\(other) HTTP/1.1\r\nHost: eu.example.com\r\n\r\n"
        },
        .whole("two Authorization fields", .twoTokens) { now in
            let field = "Authorization: JWT \(changed(now, [:]))\r\n"
            return "GET /panel?lic=active HTTP/1.1\r\nHost: eu.example.com\r\n\(field)\(field)\r\n"
        },
        .whole("three X-acpt fields, the one between them empty", .twoTokens) { now in
            let other = TokenMaker.hs256(good(tenant: "two", now), secret: "secret of two")
            return "GET /x HTTP/1.1\r\nHost: eu.example.com\r\nX-acpt: \(other)\r\nX-acpt:\r\n"
                + "X-acpt: \(changed(now, [:]))\r\n\r\n"
        },
        .whole("a good token beside a bad one", .twoTokens) { now in
            "GET /panel?lic=active&jwt=\(changed(now, [:])) HTTP/1.1\r\nHost: eu.example.com\r\nX-acpt: bad\r\n\r\n"
        },
    ]

    private static func nested(_ depth: Int) -> String {
        String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }

    /// A token whose `exp` is written as given.
    private static func rawTimes(_ now: Int64, _ expiry: String) -> String {
        let qsh = good(now)["qsh"] as? String ?? ""
        return signed(Array(#"{"iss":"one","iat":\#(now),"qsh":"\#(qsh)","exp":\#(expiry)}"#.utf8))
    }
}
