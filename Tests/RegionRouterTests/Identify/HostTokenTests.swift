import RegionRouter
import TenantDirectory
import TestSupport
import Testing

@Suite("A host token")
struct HostTokenTests {
    private typealias Harness = IdentifierHarness
    private let harness = IdentifierHarness()

    @Test("is accepted in the header and in the query", arguments: ["/page", "/other", "/issue/AB-1", "/a%20b/"])
    func carriers(path: String) throws {
        let query = "lic=active&xdm_e=https%3A%2F%2Fone.atlassian.net&b=2&a=1"
        let token = TokenMaker.hs256(Harness.claims("GET", path, query: query), secret: Harness.secret)
        for request in [
            Harness.request("GET", "\(path)?\(query)", authorization: "JWT \(token)"),
            Harness.request("GET", "\(path)?\(query)", authorization: "jwt   \(token)"),
            SampleRequest("GET", "\(path)?\(query)&jwt=\(token)"),
            SampleRequest("GET", "\(path)?jwt=\(token)&\(query)"),
            SampleRequest("GET", "\(path)?\(query)&%6Awt=\(token)"),
            SampleRequest("GET", "\(path)?\(query)&jwt=\(token.split(separator: ".").joined(separator: "%2E"))"),
        ] {
            #expect(try harness.identify(request).claim?.kind == .host)
            #expect(try harness.tenantNamed(by: request) == .alias(harness.alias))
        }
    }

    @Test("is accepted for a POST, and under a base path")
    func basePath() throws {
        var harness = harness
        harness.endpoint = .sample(basePath: "/eu")
        let token = TokenMaker.hs256(Harness.claims("POST", "/hook"), secret: Harness.secret)
        #expect(try harness.identify(Harness.request("POST", "/eu/hook", authorization: "JWT " + token)).claim != nil)
        harness.expectRefusal(.badQueryHash, Harness.request("POST", "/eux/hook", authorization: "JWT " + token))
    }

    @Test(
        "is refused for another request than it was made for",
        arguments: [
            ("POST", "/page?a=1"), ("GET", "/other?a=1"), ("GET", "/page?a=2"), ("GET", "/page"),
            ("GET", "/page?a=1&b=2"),
            ("GET", "/Page?a=1"), ("HEAD", "/page?a=1"),
        ])
    func otherRequest(method: String, target: String) {
        let token = TokenMaker.hs256(Harness.claims("GET", "/page", query: "a=1"), secret: Harness.secret)
        harness.expectRefusal(.badQueryHash, Harness.request(method, target, authorization: "JWT \(token)"))
    }

    @Test(
        "is refused with any other algorithm, and with none in any case",
        arguments: [
            "none", "None", "NONE", "nOnE", "HS384", "HS512", "RS256", "ES256", "PS256", "EdDSA", "hs256", "HS256 ", "",
            "HS2\\u00356",
        ])
    func algorithms(name: String) {
        let json = TokenMaker.json(Harness.claims("GET", "/page"))
        let header = #"{"typ":"JWT","alg":"\#(name)"}"#
        let signed = TokenMaker.hs256(json: json, secret: Array(Harness.secret.utf8), header: header)
        if name == "HS2\\u00356" {
            // The escape spells HS256: nothing is wrong with it.
            #expect(throws: Never.self) { try harness.identify(page(signed)) }
            return
        }
        harness.expectRefusal(.badAlgorithm, page(signed))
        let unsigned = TokenMaker.unsigned(Harness.claims("GET", "/page"), header: header)
        harness.expectRefusal(.badAlgorithm, page(unsigned))
    }

    @Test("is judged by its own header, whatever the one before it said")
    func headersInTurn() throws {
        let identifier = Identifier(harness.configuration, tokenBytes: harness.tokenBytes)
        func code(_ header: String) -> RouterError.Code? {
            let json = TokenMaker.json(Harness.claims("GET", "/page"))
            let token = TokenMaker.hs256(json: json, secret: Array(Harness.secret.utf8), header: header)
            do throws(RouterError) {
                _ = try harness.identify(page(token), with: identifier)
                return nil
            } catch {
                return error.code
            }
        }
        let good = #"{"alg":"HS256"}"#
        for bad in [#"{"alg":"RS256"}"#, #"{"alg":"none!"}"#, #"{"alg":"HS256"]"#, #"{"alg":"HS256"}"x"#, "", "!"] {
            #expect(code(good) == nil)
            #expect(code(good) == nil)
            #expect(code(bad) != nil)
            #expect(code(bad) != nil)
        }
        #expect(code(good) == nil)
    }

    @Test(
        "is refused for a header that is not plain",
        arguments: [
            (#"{"typ":"JWT"}"#, RouterError.Code.badAlgorithm), (#"{"alg":"HS256","alg":"none"}"#, .badClaims),
            (#"{"alg":"none","alg":"HS256"}"#, .badClaims), (#"{"alg":["HS256"]}"#, .badClaims),
            (#"{"alg":null}"#, .badClaims), (#"{"alg":"HS256","crit":["exp"]}"#, .malformedToken),
            ("HS256", .malformedToken),
            (#"["HS256"]"#, .malformedToken), (#"{"alg":"HS256"}x"#, .malformedToken), ("", .malformedToken),
            (#"{"alg":"HS256","kid":"a","kid":"b"}"#, .badClaims), (#"{"alg":"HS256","kid":1}"#, .badClaims),
        ])
    func headers(header: String, code: RouterError.Code) {
        let token = TokenMaker.hs256(
            json: TokenMaker.json(Harness.claims("GET", "/page")), secret: Array(Harness.secret.utf8), header: header)
        harness.expectRefusal(code, page(token))
    }

    @Test("is refused when RS256 is verified with the shared secret, and HS256 with a public key")
    func keyConfusion() throws {
        let key = try #require(Harness.forgeKey)
        let claims = Harness.claims("GET", "/page")
        harness.expectRefusal(.badAlgorithm, page(TokenMaker.rs256(claims, key: key)))
        harness.expectRefusal(.badSignature, page(TokenMaker.hs256(claims, secret: key.publicPEM)))
    }

    @Test(
        "is refused with a signature of another kind",
        arguments: ["", "AAAA", "A", "=", "====", "a b", "%00", "ümlaut"])
    func signatures(signature: String) {
        let token = TokenMaker.unsigned(
            Harness.claims("GET", "/page"), header: #"{"typ":"JWT","alg":"HS256"}"#, signature: signature)
        harness.expectRefusal(.badSignature, page(token))
    }

    @Test("is refused with one bit of it changed")
    func bits() {
        let token = Array(TokenMaker.hs256(Harness.claims("GET", "/page"), secret: Harness.secret).utf8)
        for index in token.indices {
            var changed = token
            changed[index] ^= 1
            let request = page(String(decoding: changed, as: UTF8.self))
            #expect(throws: RouterError.self) { try harness.identify(request) }
        }
    }

    @Test("is refused with another tenant's secret, and with an empty one, stored or used")
    func secrets() {
        var harness = harness
        let claims = Harness.claims("GET", "/page")
        harness.expectRefusal(.badSignature, page(TokenMaker.hs256(claims, secret: "the secret of tenant two")))
        harness.expectRefusal(.badSignature, page(TokenMaker.hs256(claims, secret: "")))
        harness.keys = TenantKeys(current: HMACKey(Secret("")))
        harness.expectRefusal(.badSignature, page(TokenMaker.hs256(claims, secret: "")))
        harness.keys = TenantKeys(current: nil)
        harness.expectRefusal(.badSignature, page(TokenMaker.hs256(claims, secret: "")))
    }

    @Test("signed with the secret before is accepted while that is honoured")
    func previousSecret() throws {
        var harness = harness
        let previous = HMACKey(Secret("before"))
        let request = page(TokenMaker.hs256(Harness.claims("GET", "/page"), secret: "before"))
        harness.keys = TenantKeys(current: HMACKey(Secret("now")), previous: previous, previousUntil: Harness.now)
        #expect(try harness.identify(request).claim != nil)
        harness.keys = TenantKeys(current: HMACKey(Secret("now")), previous: previous, previousUntil: Harness.now - 1)
        harness.expectRefusal(.badSignature, request)
        harness.keys = TenantKeys(current: HMACKey(Secret("now")), previous: previous, previousUntil: Harness.now)
        harness.configuration.honoursPreviousSecret = false
        harness.expectRefusal(.badSignature, request)
    }

    @Test(
        "keeps to its times, with a leeway",
        arguments: [
            (["exp": Harness.now - 30], nil), (["exp": Harness.now - 31], .expired), (["nbf": Harness.now + 30], nil),
            (["nbf": Harness.now + 31], .notYetValid), (["nbf": Harness.now - 5], nil), (["exp": nil], .badClaims),
            (["iat": nil], .badClaims), (["iat": Harness.now + 200], .badClaims),
            (["nbf": Harness.now + 200], .badClaims),
            (["iat": Harness.now + 20], nil), (["exp": 0, "iat": 0], .expired),
        ] as [([String: Int64?], RouterError.Code?)])
    func times(changes: [String: Int64?], refusal: RouterError.Code?) {
        var changing: [String: (any Sendable)?] = changes.mapValues { $0 }
        if let expiry = changes["exp"], let expiry, expiry < Harness.now { changing["iat"] = expiry - 10 }
        if changes["exp"] == 0 { changing["iat"] = Int64(0) }
        let request = page(TokenMaker.hs256(Harness.claims("GET", "/page", changing: changing), secret: Harness.secret))
        if let refusal {
            harness.expectRefusal(refusal, request)
        } else {
            #expect(throws: Never.self) { try harness.identify(request) }
        }
    }

    @Test(
        "is refused for claims that are missing or of the wrong type",
        arguments: [
            (["iss": nil], .badClaims), (["iss": ""], .badClaims), (["iss": 7], .badClaims), (["qsh": nil], .badClaims),
            (["qsh": ""], .badClaims), (["qsh": "8063"], .badQueryHash), (["exp": "1700000100"], .badClaims),
            (["exp": 1.5e15], .malformedToken), (["iat": -1], .badClaims), (["aud": 5], .badClaims),
        ] as [([String: (any Sendable)?], RouterError.Code)])
    func claims(changes: [String: (any Sendable)?], refusal: RouterError.Code) {
        let token = TokenMaker.hs256(Harness.claims("GET", "/page", changing: changes), secret: Harness.secret)
        harness.expectRefusal(refusal, page(token))
    }

    @Test("may have an audience, and is a host token all the same", arguments: [["other"], [IdentifierHarness.appKey]])
    func audience(audience: [String]) throws {
        let claims = Harness.claims("GET", "/page", changing: ["aud": audience])
        let request = page(TokenMaker.hs256(claims, secret: Harness.secret))
        #expect(try harness.identify(request).claim?.kind == .host)
        #expect(try harness.tenantNamed(by: request) == .alias(harness.alias))
        // It was made for one call, and is good for no other.
        harness.expectRefusal(
            .badQueryHash,
            Harness.request("GET", "/other", authorization: "JWT " + TokenMaker.hs256(claims, secret: Harness.secret)))
    }

    @Test(
        "is refused for what only some readers take for a payload",
        arguments: [
            (#"{"iss":"tenant-1","iss":"tenant-2"}"#, RouterError.Code.badClaims),
            (#"{"iss":"tenant-1","#, .malformedToken),
            (#"{"iss":"tenant-1"} "x""#, .malformedToken), ("", .malformedToken), ("null", .malformedToken),
            (#"{"exp":1e400}"#, .malformedToken), (#"{"exp":99999999999999999999}"#, .malformedToken),
            (#"{"x":"# + String(repeating: "[", count: 5_000), .malformedToken),
        ])
    func payloads(json: String, code: RouterError.Code) {
        let token = TokenMaker.hs256(json: Array(json.utf8), secret: Array(Harness.secret.utf8))
        harness.expectRefusal(code, page(token))
    }

    @Test("is refused for text that is not UTF-8")
    func notUTF8() {
        let json = Array(#"{"iss":"tenant-1"#.utf8) + [0xFF] + Array(#""}"#.utf8)
        harness.expectRefusal(.malformedToken, page(TokenMaker.hs256(json: json, secret: Array(Harness.secret.utf8))))
    }

    @Test(
        "is refused when it has not the form of one",
        arguments: ["", "a", "a.b", "a.b.c.d", "..", ".b.c", "a..c", "eyJhbGciOiJIUzI1NiJ9", "a.b.c ", "a b.c.d"])
    func form(token: String) {
        harness.expectRefusal(.malformedToken, page(token))
        guard !token.contains(" ") else { return }
        harness.expectRefusal(.malformedToken, SampleRequest("GET", "/page?jwt=\(token)"))
    }

    @Test("is refused with padding, and in the other alphabet", arguments: ["=", "==", "+", "/", " ", "\u{0}"])
    func encoding(text: String) {
        let parts = TokenMaker.hs256(Harness.claims("GET", "/page"), secret: Harness.secret).split(separator: ".")
        for index in 0..<2 {
            var changed = parts.map(String.init)
            changed[index] += text
            harness.expectRefusal(.malformedToken, page(changed.joined(separator: ".")))
        }
    }

    @Test("is refused when it is longer than allowed", arguments: [16_384, 100_000])
    func length(bytes: Int) {
        let long = Harness.claims("GET", "/page", changing: ["x": String(repeating: "x", count: bytes)])
        harness.expectRefusal(.malformedToken, page(TokenMaker.hs256(long, secret: Harness.secret)))
    }

    private func page(_ token: String) -> SampleRequest {
        Harness.request("GET", "/page", authorization: "JWT \(token)")
    }
}
