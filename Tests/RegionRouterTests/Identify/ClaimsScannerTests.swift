import Foundation
import Testing

@testable import RegionRouter

@Suite("The claims scanner")
struct ClaimsScannerTests {
    @Test("reads the claims of a host token")
    func hostToken() throws {
        let scanner = try scan(
            #"{"sub":"557058:x","qsh":"8063ff","iss":"ari-1","context":{"user":{"accountId":"a"}},"exp":1615412850,"#
                + #""iat":1615411950,"nbf":1615411900.75,"aud":["one","two"]}"#)
        let claims = scanner.claims
        #expect(scanner.text(claims.issuer) == "ari-1")
        #expect(scanner.text(claims.queryHash) == "8063ff")
        #expect(claims.times.expiry == 1_615_412_850)
        #expect(claims.times.issuedAt == 1_615_411_950)
        #expect(claims.times.notBefore == 1_615_411_900)
        #expect(claims.audience.map(scanner.text) == ["one", "two"])
    }

    @Test("reads the claims of a Forge invocation token")
    func forgeToken() throws {
        let scanner = try scan(
            #"{"app":{"installationId":"ari:1","apiBaseUrl":"https:\/\/api","#
                + #""environment":{"type":"PRODUCTION","id":"e"}},"#
                + #""context":{"cloudId":"c-1","siteUrl":"https://one"},"#
                + #""iss":"forge\/invocation-token","icLabel":"ic"}"#
        )
        let claims = scanner.claims
        #expect(scanner.equals(claims.issuer, "forge/invocation-token"))
        #expect(scanner.text(claims.installationID) == "ari:1")
        #expect(scanner.text(claims.apiBaseURL) == "https://api")
        #expect(scanner.text(claims.environmentType) == "PRODUCTION")
        #expect(scanner.text(claims.cloudID) == "c-1")
        #expect(scanner.text(claims.siteURL) == "https://one")
        #expect(scanner.text(claims.isolatedCloudLabel) == "ic")
    }

    @Test(
        "takes a claim of another place for another claim",
        arguments: [
            #"{"context":{"iss":"x","installationId":"y"}}"#, #"{"app":{"cloudId":"x","type":"y","iss":"z"}}"#,
            #"{"x":{"iss":"x","app":{"installationId":"y"}}}"#, #"{"app":"text","context":[1],"is":"x","issx":"y"}"#,
            #"{"app":{"environment":"PRODUCTION","apiBaseUrl":1}}"#, #"{"app":{"environment":{"environment":1}}}"#,
        ])
    func places(json: String) throws {
        let claims = try scan(json).claims
        #expect(claims.issuer.isEmpty && claims.installationID.isEmpty && claims.cloudID.isEmpty)
        #expect(claims.environmentType.isEmpty && claims.apiBaseURL.isEmpty)
    }

    @Test(
        "refuses the same claim twice, however it is written",
        arguments: [
            #"{"iss":"a","iss":"a"}"#, #"{"exp":1,"x":2,"exp":1}"#, #"{"aud":"a","aud":["b"]}"#,
            #"{"qsh":"a","qsh":"b"}"#,
            #"{"iss":"a","\u0069ss":"b"}"#, #"{"nbf":1,"nbf":2}"#, #"{"iat":1,"iat":2}"#,
            #"{"clientKey":"","clientKey":""}"#,
            #"{"app":{"installationId":"a","installationId":"b"}}"#, #"{"app":{},"app":{}}"#,
            #"{"context":1,"context":2}"#,
            #"{"app":{"environment":{"type":"a","type":"b"}}}"#, #"{"icLabel":"a","icLabel":"b"}"#,
        ])
    func duplicates(json: String) {
        #expect(throws: JSONFault.duplicateClaim) { try scan(json) }
    }

    @Test(
        "refuses claims of the wrong type",
        arguments: [
            #"{"iss":1}"#, #"{"exp":"1"}"#, #"{"exp":null}"#, #"{"exp":-1}"#, #"{"exp":1e9}"#, #"{"iat":true}"#,
            #"{"aud":1}"#, #"{"aud":["a",1]}"#, #"{"aud":{"a":"b"}}"#, #"{"qsh":["a"]}"#, #"{"clientKey":{}}"#,
            #"{"app":{"installationId":7}}"#, #"{"nbf":[1]}"#, #"{"icLabel":1}"#, #"{"exp":{"a":1}}"#,
            "{\"aud\":[" + Array(repeating: "\"a\"", count: 17).joined(separator: ",") + "]}",
        ])
    func types(json: String) {
        #expect(throws: JSONFault.wrongType) { try scan(json) }
    }

    @Test(
        "reads a time to its last digit, whatever stands behind it",
        arguments: [
            0, 9, 10, 1_700_000_000, 9_999_999_999, 99_999_999_999, 100_000_000_000, 253_402_300_799,
        ], [",\"x\":1}", "}", " }", "\n,\"x\":1}", ".75}", ".0,\"x\":1}"])
    func times(seconds: Int64, rest: String) throws {
        #expect(try scan("{\"exp\":\(seconds)\(rest)").claims.times.expiry == seconds)
        #expect(throws: (any Error).self) { try scan("{\"exp\":0\(seconds)\(rest)") }
        #expect(throws: (any Error).self) { try scan("{\"exp\":\(seconds)]\(rest)") }
        #expect(throws: (any Error).self) { try scan("{\"exp\":\(seconds)") }
    }

    @Test(
        "refuses numbers that are too large",
        arguments: [
            #"{"exp":99999999999999999999}"#, #"{"exp":253402300800}"#, #"{"x":1e400}"#, #"{"x":1e-400}"#,
            #"{"x":\#(String(repeating: "9", count: 41))}"#, #"{"x":[0.\#(String(repeating: "1", count: 60))]}"#,
            #"{"iat":9223372036854775808}"#,
        ])
    func hugeNumbers(json: String) {
        #expect(throws: JSONFault.hugeNumber) { try scan(json) }
    }

    @Test("refuses JSON nested too deeply", arguments: [("[", "]"), ("{\"a\":", "}")])
    func depth(open: String, close: String) throws {
        func nested(_ depth: Int) -> String {
            "{\"x\":" + String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth) + "}"
        }
        #expect(throws: Never.self) { try scan(nested(JSONScanner.depthLimit - 1)) }
        #expect(throws: JSONFault.tooDeep) { try scan(nested(JSONScanner.depthLimit)) }
        #expect(throws: JSONFault.tooDeep) { try scan(nested(100_000)) }
        #expect(throws: JSONFault.tooDeep) { try scan("{\"x\":" + String(repeating: open, count: 100_000)) }
    }

    @Test(
        "refuses text that is not UTF-8",
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF],
            [0xED, 0xA0, 0x80], [0xE5, 0xAE], [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80],
            [0xF5, 0x80, 0x80, 0x80],
            [0xFF], [0xF0, 0x9F, 0x98], Array(#"\ud800"#.utf8), Array(#"\udc00"#.utf8), Array(#"\ud800\u0041"#.utf8),
            Array(#"\ud800\ud800"#.utf8), Array(#"\ud83dx"#.utf8), Array(#"\n"#.utf8) + [0xC3, 0x28],
        ] as [[UInt8]])
    func notUTF8(text: [UInt8]) {
        for member in ["iss", "x"] {
            let bytes = Array("{\"\(member)\":\"".utf8) + text + Array("\"}".utf8)
            #expect(throws: JSONFault.invalidUTF8) { try scan(bytes) }
        }
        #expect(throws: JSONFault.invalidUTF8) { try scan(Array("{\"".utf8) + text + Array("\":1}".utf8)) }
    }

    @Test(
        "refuses what is not JSON",
        arguments: [
            "", " ", "{", "}", "[]", "1", "\"iss\"", "null", "{}{}", "{}x", "{} 1", "{\"a\"}", "{\"a\":}", "{a:1}",
            "{'a':1}",
            "{\"a\":1,}", "{,\"a\":1}", "{\"a\":1 \"b\":2}", "{\"a\":[1,]}", "{\"a\":[,1]}", "{\"a\":[1 2]}",
            "{\"a\":[1}",
            "{\"a\":01}", "{\"a\":-}", "{\"a\":+1}", "{\"a\":1.}", "{\"a\":.5}", "{\"a\":1e}", "{\"a\":1e+}",
            "{\"a\":0x1}",
            "{\"a\":NaN}", "{\"a\":tru}", "{\"a\":True}", "{\"a\":nul}", "{\"a\":\"\n\"}", "{\"a\":\"\u{0}\"}",
            "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}", "{\"a\":\"\\u12g4\"}", "{\"a\":\"\\\"}", "{\"a\":\"b}",
            "{\"a\\\":1}",
            "\u{FEFF}{}", "{\"a\":1}\u{0}", "{\"exp\":}", "{\"exp\":1.}", "{\"iss\":\"a}", "{\"a\":\"\\n\u{1}\"}",
            "{\u{A0}}",
            "//\n{}", "{\"exp\":00}", "{\"exp\":1x}", "{\"a\":\"\\", "{\"a\":\"\\u", "{\"a\":\"\\ud83d\\u",
            "{\"aud\":[\"a\"",
        ])
    func notJSON(json: String) {
        #expect(throws: (any Error).self) { try scan(json) }
        #expect(throws: (any Error).self) { try scan(json) }
    }

    @Test("leaves nothing of the token before", arguments: [#"{}"#, #"{"x":1}"#])
    func reuse(json: String) throws {
        let scanner = try scan(#"{"iss":"a","exp":1,"iat":1,"aud":["a"],"qsh":"b"}"#)
        scanner.json.bytes.replaceSubrange(0..<json.utf8.count, with: Array(json.utf8))
        scanner.json.count = json.utf8.count
        try scanner.scan()
        let claims = scanner.claims
        #expect(
            claims.issuer.isEmpty && claims.times.expiry == nil && claims.times.issuedAt == nil
                && claims.audience.isEmpty)
        #expect(claims.queryHash.isEmpty)
    }

    @Test("reads what Foundation reads, in the same sense", arguments: 0..<40)
    func reference(seed: Int) throws {
        for index in 0..<100 {
            let sample = JSONText(seed: UInt64(seed * 1_000 + index))
            let scanner = try scan(sample.text)
            let claims = scanner.claims
            let places = [
                "iss": claims.issuer, "qsh": claims.queryHash, "clientKey": claims.clientKey,
                "icLabel": claims.isolatedCloudLabel,
            ]
            for (name, place) in places { #expect(scanner.text(place) == sample.texts[name] ?? "", "\(sample.text)") }
            #expect(
                claims.times.expiry == sample.times["exp"] && claims.times.issuedAt == sample.times["iat"],
                "\(sample.text)")
            #expect(
                claims.times.notBefore == sample.times["nbf"] && claims.audience.map(scanner.text) == sample.audience)
            let object = try JSONSerialization.jsonObject(with: Data(sample.text.utf8)) as? [String: Any]
            #expect(object?["iss"] as? String == sample.texts["iss"])
        }
    }

    @Test("accepts nothing that Foundation refuses", arguments: 0..<40)
    func mutations(seed: Int) {
        for index in 0..<200 {
            var sample = JSONText(seed: UInt64(seed * 1_000 + index))
            let bytes = sample.mutated()
            guard let scanner = try? scan(bytes) else { continue }
            let object = (try? JSONSerialization.jsonObject(with: Data(bytes))) as? [String: Any]
            #expect(object != nil, "\(String(decoding: bytes, as: UTF8.self))")
            let issuer = object?["iss"] as? String
            #expect(scanner.text(scanner.claims.issuer) == issuer ?? "")
            #expect(scanner.claims.times.expiry == (object?["exp"] as? Double).map { Int64($0) })
        }
    }

    @Test(
        "reads one claim by name",
        arguments: [
            (#"{"a":{"tenant":"x"},"tenant":"y"}"#, "y"), (#"{"tenant":"x","tenant":"x"}"#, nil),
            (#"{"tenant":1}"#, nil),
            (#"{"x":1}"#, nil), (#"{"tenant":"x""#, nil), (#"{"ten\u0061nt":"\u0078"}"#, "x"),
        ] as [(String, String?)])
    func byName(json: String, expected: String?) {
        let scanner = ClaimsScanner()
        scanner.json.bytes = Array(json.utf8)
        scanner.json.count = json.utf8.count
        #expect(scanner.text(of: Array("tenant".utf8)) == expected)
    }

    private func scan(_ json: String) throws(JSONFault) -> ClaimsScanner { try scan(Array(json.utf8)) }

    @discardableResult
    private func scan(_ json: [UInt8]) throws(JSONFault) -> ClaimsScanner {
        let scanner = ClaimsScanner()
        scanner.json.bytes = json
        scanner.json.count = json.count
        try scanner.scan()
        return scanner
    }
}
