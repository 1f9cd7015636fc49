import TenantDirectory

/// Reads a token (RFC 7515 compact form) into buffers of its own: nothing is allocated once they have grown.
///
/// Reading checks form alone. What the token says is nobody's word until ``TokenVerifier`` has checked it.
final class TokenReader {
    /// The algorithms we know. Everything else, `none` in any spelling included, is `other`.
    enum Algorithm { case hs256, rs256, other }

    /// The payload and its claims; filled by ``readPayload()``.
    let payload = ClaimsScanner()
    private(set) var algorithm = Algorithm.other
    /// `kid`; empty where there is none.
    private(set) var keyID: Range<Int> = 0..<0
    private let header = JSONScanner()
    /// The header last read without a fault, as it stood in its token: those of a host are all alike, and what was read
    /// of one holds for the next.
    private var readHeaderText: [UInt8] = []
    private var token: [UInt8] = []
    private(set) var count = 0
    /// A copy of the token that was loaded.
    var bytes: [UInt8] { Array(token[..<count]) }
    /// Where the first and the second full stop stand.
    private var stops = (first: 0, second: 0)
    private var signature: [UInt8] = []

    init(tokenBytes: Int) {
        token.reserveCapacity(tokenBytes)
        header.bytes.reserveCapacity(256)
        payload.json.bytes.reserveCapacity(tokenBytes)
        signature.reserveCapacity(Self.signatureBytes)
    }

    /// Bytes of a signature; an RSA key of 8192 bits makes 1024.
    private static let signatureBytes = 1_024

    // MARK: Form

    /// Takes a token's bytes.
    func load(_ bytes: UnsafeRawBufferPointer) {
        count = bytes.count
        if token.count < count { token.append(contentsOf: repeatElement(0, count: count - token.count)) }
        token.withUnsafeMutableBytes { $0.copyMemory(from: bytes) }
    }

    /// Whether these are the bytes of the token that was loaded.
    func holds(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count == count
            && token.withUnsafeBytes { UnsafeRawBufferPointer(rebasing: $0[..<count]).elementsEqual(bytes) }
    }

    /// Finds the three parts. The signature may be empty here, and then never verifies.
    /// - Returns: `false` for what has not the form of a token.
    func split() -> Bool {
        let stop = UInt8(ascii: ".")
        stops = token.withUnsafeBytes { bytes in
            let token = bytes.part(0..<count)
            guard let first = token.firstIndex(of: stop, from: 0),
                let second = token.firstIndex(of: stop, from: first + 1),
                token.firstIndex(of: stop, from: second + 1) == nil
            else { return (0, 0) }
            return (first, second)
        }
        return stops.first > 0 && stops.second > stops.first + 1
    }

    /// Reads `alg` and `kid`. A `crit` is refused: it names rules we do not know (RFC 7515 §4.1.11).
    func readHeader() throws(JSONFault) {
        guard !isHeaderKnown() else { return }
        readHeaderText.removeAll(keepingCapacity: true)
        algorithm = .other
        keyID = 0..<0
        try decodeHeader()
        readHeaderText.append(contentsOf: token[..<stops.first])
    }

    private func isHeaderKnown() -> Bool {
        let length = stops.first
        return length > 0 && length == readHeaderText.count && length <= count
            && token.withUnsafeBytes { HTTPBytes.equals($0.part(0..<length), readHeaderText) }
    }

    private func decodeHeader() throws(JSONFault) {
        guard let length = decode(0..<stops.first, into: &header.bytes) else { throw .malformed }
        header.count = length
        header.restart()
        header.skipSpace()
        var met = (algorithm: false, keyID: false)
        var more = try header.beginObject()
        while more {
            let name = try header.memberName()
            if header.matches(name, "alg") {
                guard !met.algorithm else { throw .duplicateClaim }
                met.algorithm = true
                algorithm = try readAlgorithm()
            } else if header.matches(name, "kid") {
                guard !met.keyID else { throw .duplicateClaim }
                met.keyID = true
                guard header.peek() == UInt8(ascii: "\"") else { throw .wrongType }
                keyID = try header.string()
            } else {
                guard !header.matches(name, "crit") else { throw .malformed }
                try header.skipValue(depth: 1)
            }
            more = try header.hasAnother(before: UInt8(ascii: "}"))
        }
        try header.end()
    }

    private func readAlgorithm() throws(JSONFault) -> Algorithm {
        guard header.peek() == UInt8(ascii: "\"") else { throw .wrongType }
        let place = try header.string()
        if header.matches(place, "HS256") { return .hs256 }
        return header.matches(place, "RS256") ? .rs256 : .other
    }

    /// Decodes the payload.
    /// - Returns: `false` for a part that is not base64url.
    func decodePayload() -> Bool {
        guard let length = decode(stops.first + 1..<stops.second, into: &payload.json.bytes) else {
            payload.json.count = 0
            return false
        }
        payload.json.count = length
        return true
    }

    /// Decodes and scans the payload.
    func readPayload() throws(JSONFault) {
        guard decodePayload() else { throw .malformed }
        try payload.scan()
    }

    /// The key's name, if it keeps to a strict pattern: it comes from anyone, and may become part of a URL.
    func keyName(allowing isAllowed: (UInt8) -> Bool) -> String? {
        guard (1...200).contains(keyID.count), keyID.upperBound <= header.count else { return nil }
        let bytes = header.bytes[keyID]
        guard bytes.allSatisfy(isAllowed) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    // MARK: Signature

    /// Calls with the signed bytes and the decoded signature.
    /// - Returns: `false` also for a signature that is not base64url.
    func hasSignature(
        _ isValid: (_ signature: UnsafeRawBufferPointer, _ message: UnsafeRawBufferPointer) -> Bool
    ) -> Bool {
        guard stops.second < count, count - stops.second - 1 <= Self.signatureBytes * 4 / 3 + 1,
            let length = decode(stops.second + 1..<count, into: &signature), length > 0
        else { return false }
        let end = stops.second
        return token.withUnsafeBytes { token in
            signature.withUnsafeBytes { signature in
                isValid(
                    UnsafeRawBufferPointer(rebasing: signature[..<length]),
                    UnsafeRawBufferPointer(rebasing: token[..<end]))
            }
        }
    }

    private func decode(_ place: Range<Int>, into output: inout [UInt8]) -> Int? {
        guard place.upperBound <= count else { return nil }
        let needed = place.count
        if output.count < needed { output.append(contentsOf: repeatElement(0, count: needed - output.count)) }
        return token.withUnsafeBytes { token in
            output.withUnsafeMutableBytes { Base64URL.decode(UnsafeRawBufferPointer(rebasing: token[place]), into: $0) }
        }
    }
}
