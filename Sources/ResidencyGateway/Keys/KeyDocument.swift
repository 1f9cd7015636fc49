package import RegionRouter

/// A document of a key server: its URL, and how it is to be read.
package struct KeyDocument: Hashable, Sendable {
    package enum Format: Hashable, Sendable {
        /// One PEM; the `kid` is the document's name.
        case pem(kid: String)
        /// A JSON Web Key Set.
        case keySet
    }

    package let url: String
    package let format: Format

    package init(url: String, format: Format) {
        self.url = url
        self.format = format
    }

    /// The document that must hold the key a token names. Everything that becomes part of the URL is checked first.
    /// - Throws: `unknownKey` for a `kid` or label that is not of the pattern, or a label without a configured set.
    package static func holding(
        _ query: PublicKeyQuery, configuration: PublicKeyConfiguration
    ) throws(RouterError) -> KeyDocument {
        switch query {
        case .install(let kid, let hostName):
            guard isKeyID(kid) else {
                throw RouterError(.unknownKey, "the token's kid is not of the form of a key id")
            }
            let server = longest(configuration.installKeysURLBySuffix) { suffix in
                hostName.hasSuffix(suffix) || ".\(hostName)" == suffix
            }
            return KeyDocument(url: join(server ?? configuration.installKeysURL, kid), format: .pem(kid: kid))
        case .forge(let kid, let label, let apiBaseURL):
            guard isKeyID(kid) else {
                throw RouterError(.unknownKey, "the invocation token's kid is not of the form of a key id")
            }
            if let label, !isCloudLabel(label) {
                throw RouterError(.unknownKey, "the invocation token's icLabel is not of the form of a label")
            }
            let special = configuration.forgeKeySets.first { set in
                set.isolatedCloudLabel == label && (set.apiBaseURL.map { (apiBaseURL ?? "").hasPrefix($0) } ?? true)
            }
            guard let url = special?.url ?? (label == nil ? configuration.forgeKeySetURL : nil) else {
                throw RouterError(
                    .unknownKey,
                    "the invocation token is of an isolated cloud for which forge.keySets names no key set")
            }
            return KeyDocument(url: url, format: .keySet)
        }
    }

    /// 1 to 128 of `A-Z a-z 0-9 . _ -`, not beginning with a dot: nothing that could climb or leave a path.
    package static func isKeyID(_ text: String) -> Bool {
        guard (1...128).contains(text.utf8.count), text.utf8.first != UInt8(ascii: ".") else { return false }
        return text.utf8.allSatisfy { isAlphanumeric($0) || "._-".utf8.contains($0) }
    }

    /// `^[a-z0-9_-]{1,50}$`, as the host's documentation demands.
    package static func isCloudLabel(_ text: String) -> Bool {
        (1...50).contains(text.utf8.count)
            && text.utf8.allSatisfy { isAlphanumeric($0) && !isUpperCase($0) || "_-".utf8.contains($0) }
    }

    private static func isUpperCase(_ byte: UInt8) -> Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isUpperCase(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func longest(_ table: [String: String], where fits: (String) -> Bool) -> String? {
        table.keys.filter(fits).max { $0.utf8.count < $1.utf8.count }.flatMap { table[$0] }
    }

    private static func join(_ server: String, _ name: String) -> String {
        server.hasSuffix("/") ? server + name : "\(server)/\(name)"
    }
}
