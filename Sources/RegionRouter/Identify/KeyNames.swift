/// The strict patterns of what unverified tokens say about keys, before any of it becomes part of a URL or a look-up.
package enum KeyNames {
    /// The `kid` of a key in a key set: a look-up, never a path.
    static func isAllowedInKeySet(_ byte: UInt8) -> Bool {
        byte.isUnreserved || byte == UInt8(ascii: "/") || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "=")
    }

    /// The `kid` of an install key, which becomes the last segment of a URL: letters, digits, `-`, `_` and `.`, at most
    /// 200, and not dots alone.
    package static func isInstallKey(_ kid: String) -> Bool {
        (1...200).contains(kid.utf8.count) && kid.utf8.allSatisfy { $0.isUnreserved && $0 != UInt8(ascii: "~") }
            && !kid.utf8.allSatisfy { $0 == UInt8(ascii: ".") }
    }

    /// `^[a-z0-9_-]{1,50}$` (connect-protocol §8.3).
    package static func isCloudLabel(_ label: String) -> Bool {
        (1...50).contains(label.utf8.count)
            && label.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"),
                    UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
