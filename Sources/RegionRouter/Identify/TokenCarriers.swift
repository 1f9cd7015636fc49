/// Where a request carries tokens: `Authorization: JWT`, the query's `jwt` and `acpt`, and `X-acpt`
/// (connect-protocol §4.1).
enum TokenCarriers {
    /// Loads the one token of a request.
    /// - Returns: whether there is one.
    /// - Throws: `twoTokens` where two carriers hold different ones, `malformedToken` for one longer than the limit.
    static func load(
        _ bytes: UnsafeRawBufferPointer, _ head: RequestHead, limit: Int, into reader: TokenReader
    ) throws(RouterError) -> Bool {
        guard !head.repeatsSessionToken else {
            throw RouterError(.twoTokens, "The header X-acpt is there more than once.")
        }
        var found = false
        if let token = credentials(bytes.part(head.authorization), scheme: "jwt") {
            try take(token, limit, &found, reader)
        }
        if !head.sessionToken.isEmpty { try take(bytes.part(head.sessionToken), limit, &found, reader) }
        let query = bytes.part(head.query)
        for parameter in QueryParameters(query) where isCarrier(query.part(parameter.name)) {
            let value = query.part(parameter.value)
            if value.firstIndex(of: UInt8(ascii: "%"), from: 0) != nil {
                // Rare: no character of a token needs to be encoded.
                let decoded = EncodedText.decode(value, plusIsSpace: false)
                var fault: RouterError?
                decoded.withUnsafeBytes { decoded in
                    do throws(RouterError) { try take(decoded, limit, &found, reader) } catch { fault = error }
                }
                if let fault { throw fault }
            } else {
                try take(value, limit, &found, reader)
            }
        }
        return found
    }

    /// What stands behind the scheme in the value of `Authorization`.
    /// - Parameter scheme: in lower case.
    static func credentials(_ value: UnsafeRawBufferPointer, scheme: StaticString) -> UnsafeRawBufferPointer? {
        let length = scheme.utf8CodeUnitCount
        guard value.count >= length else { return nil }
        for index in 0..<length where value[index].lowerCased != scheme.utf8Start[index] { return nil }
        var start = length
        while start < value.count, value[start] == UInt8(ascii: " ") || value[start] == UInt8(ascii: "\t") {
            start += 1
        }
        // `JWT` alone is a token that is not there; `JWTx` is another scheme.
        guard start > length || value.count == length else { return nil }
        return value.part(start..<value.count)
    }

    static func isCarrier(_ name: UnsafeRawBufferPointer) -> Bool {
        // Nearly every name is told by its first character.
        guard let first = name.first else { return false }
        switch first {
        case UInt8(ascii: "j"), UInt8(ascii: "a"), UInt8(ascii: "%"):
            return QueryParameters.isNamed(name, "jwt".utf8) || QueryParameters.isNamed(name, "acpt".utf8)
        default: return false
        }
    }

    private static func take(
        _ token: UnsafeRawBufferPointer, _ limit: Int, _ found: inout Bool, _ reader: TokenReader
    ) throws(RouterError) {
        guard token.count <= limit else { throw RouterError(.malformedToken, "The token is longer than allowed.") }
        if found {
            guard reader.holds(token) else {
                throw RouterError(.twoTokens, "The request carries two different tokens.")
            }
        } else {
            reader.load(token)
            found = true
        }
    }
}
