/// A realm code such as `EU`, `US` or `DE`: where a tenant's data lives. Upper case, like the keys of `regionBaseUrls`.
///
/// `GLOBAL` stands for the plain `baseUrl` (Forge: `default`); it names a URL the host may call, and is never a place
/// where data lives: a tenant that arrives there is placed in the configured default region.
package struct Region: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The code: 2 to 16 characters, `A`–`Z` first, then `A`–`Z`, `0`–`9` or `-`.
    package let code: String

    package static let global = Region(known: "GLOBAL")

    /// - Returns: `nil` for a text that is not a realm code. Lower case is not accepted: codes come from configuration
    ///   and declarations, where two spellings of one region would be two regions.
    package init?(_ code: String) {
        let bytes = Array(code.utf8)
        guard (2...16).contains(bytes.count), let first = bytes.first, Self.isLetter(first),
            bytes.allSatisfy({
                Self.isLetter($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "-")
            })
        else { return nil }
        self.code = code
    }

    private init(known code: String) { self.code = code }

    private static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) }

    package var description: String { code }

    package static func < (left: Region, right: Region) -> Bool { left.code < right.code }
}
