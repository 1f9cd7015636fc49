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
            guard KeyNames.isInstallKey(kid) else {
                throw RouterError(.unknownKey, "the token's kid is not of the form of a key id")
            }
            let server = longest(configuration.installKeysURLBySuffix) { suffix in
                hostName.hasSuffix(suffix) || ".\(hostName)" == suffix
            }
            return KeyDocument(url: join(server ?? configuration.installKeysURL, kid), format: .pem(kid: kid))
        case .forge(let kid, let label, let apiBaseURL):
            guard isSetKeyName(kid) else {
                throw RouterError(.unknownKey, "the invocation token's kid is not of the form of a key id")
            }
            if let label, !KeyNames.isCloudLabel(label) {
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

    /// The `kid` of a key in a set is looked up and never becomes part of a URL: 1 to 200 visible ASCII characters.
    package static func isSetKeyName(_ text: String) -> Bool {
        (1...200).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    private static func longest(_ table: [String: String], where fits: (String) -> Bool) -> String? {
        table.keys.filter(fits).max { $0.utf8.count < $1.utf8.count }.flatMap { table[$0] }
    }

    private static func join(_ server: String, _ name: String) -> String {
        server.hasSuffix("/") ? server + name : "\(server)/\(name)"
    }
}
