import Foundation

@testable import RegionRouter

/// A token; or, by the first byte, its payload or header before they were encoded.
struct TokenSubject {
    // libFuzzer calls from one thread, one input at a time.
    nonisolated(unsafe) static var shared = TokenSubject()

    private let reader = TokenReader(tokenBytes: 4_096)
    private let claims = ClaimsScanner()

    mutating func take(_ bytes: UnsafeRawBufferPointer) -> CInt {
        guard let first = bytes.first else { return 0 }
        let rest = UnsafeRawBufferPointer(rebasing: bytes[1...])
        switch first % 3 {
        case 0: readPayload(rest)
        case 1: readToken(rest)
        default:
            let header = Data(rest).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing(
                "=", with: "")
            Array("\(header).e30.AA".utf8).withUnsafeBytes { readToken($0) }
        }
        return 0
    }

    private mutating func readToken(_ token: UnsafeRawBufferPointer) {
        reader.load(token)
        rule(reader.holds(token), "what was loaded is held")
        guard reader.split() else { return }
        _ = try? reader.readHeader()
        _ = reader.keyName(allowing: KeyNames.isAllowedInKeySet)
        if (try? reader.readPayload()) != nil { check(reader.payload) }
        _ = reader.hasSignature { signature, message in
            rule(message.elementsEqual(token.prefix(message.count)), "what is signed is the token's beginning")
            return signature.count > message.count
        }
    }

    private mutating func readPayload(_ json: UnsafeRawBufferPointer) {
        claims.json.bytes = Array(json)
        claims.json.count = json.count
        do throws(JSONFault) {
            try claims.scan()
        } catch {
            // Whatever it was, it reads as a bad token.
            rule(error.refusal.origin == .client, "a bad token is the client's")
            return
        }
        check(claims)
        let object = (try? JSONSerialization.jsonObject(with: Data(json))) as? [String: Any]
        guard let object else { return rule(false, "another reader takes it for JSON too") }
        rule(object["iss"] as? String ?? "" == claims.text(claims.claims.issuer), "both read the same issuer")
        rule(object["qsh"] as? String ?? "" == claims.text(claims.claims.queryHash), "both read the same qsh")
        claims.json.bytes = Array(json)
        rule(claims.text(of: Array("qsh".utf8)) == object["qsh"] as? String, "one claim alone is read the same")
    }

    private func check(_ payload: ClaimsScanner) {
        let claims = payload.claims
        for place in [
            claims.issuer, claims.queryHash, claims.clientKey, claims.installationID, claims.apiBaseURL,
            claims.environmentType, claims.cloudID, claims.siteURL, claims.isolatedCloudLabel,
        ] + claims.audience {
            rule(place.upperBound <= payload.json.count, "a claim lies in the payload")
            rule(String(validating: payload.json.bytes[place], as: UTF8.self) != nil, "a claim is UTF-8")
        }
    }
}
