/// The host's base URL as an install states it: `https://site.atlassian.net`, Confluence with `/wiki`.
struct HostBaseURL: Sendable, Equatable {
    /// As stated, without a slash at the end.
    let text: String
    /// In lower case.
    let hostName: String

    /// - Returns: `nil` for anything but an https URL of a host name, optional port and path.
    init?(_ text: String) {
        let start = "https://"
        guard text.lowercased().hasPrefix(start), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            !text.contains(where: { "?#@\\".contains($0) })
        else { return nil }
        let authority = text.dropFirst(start.count).prefix { $0 != "/" }
        let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
        guard let name = parts.first, !name.isEmpty, parts.count <= 2,
            name.utf8.allSatisfy(Self.isNameByte), !name.hasPrefix("."), !name.hasSuffix(".")
        else { return nil }
        if parts.count == 2 {
            guard parts[1].allSatisfy(\.isNumber), let port = Int(parts[1]), (1...65_535).contains(port) else {
                return nil
            }
        }
        self.text = text.hasSuffix("/") ? String(text.dropLast()) : text
        self.hostName = name.lowercased()
    }

    /// Whether the host name ends in one of the suffixes, at a dot.
    func ends(inOneOf suffixes: [String]) -> Bool {
        suffixes.contains { suffix in
            let dotted = suffix.hasPrefix(".") ? suffix.lowercased() : ".\(suffix.lowercased())"
            return hostName.hasSuffix(dotted) || ".\(hostName)" == dotted
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
