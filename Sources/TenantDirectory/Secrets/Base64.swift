import struct Foundation.Data

/// Base64 as people write it in files and environment variables: white space around it does not matter.
enum Base64 {
    static func encode(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    /// - Returns: `nil` for what is not base64.
    static func decode(_ text: String) -> [UInt8]? {
        let isSpace: (Character) -> Bool = { $0.isWhitespace }
        let trimmed = text.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
        return Data(base64Encoded: String(trimmed)).map(Array.init)
    }
}
