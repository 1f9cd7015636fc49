import RegionRouter
import TenantDirectory

/// Makes values from the mappings that lists of the configuration hold.
enum ConfigurationEntries {
    /// `{ jwksUrl: …, apiBaseUrl: … }` or `{ jwksUrl: …, isolatedCloudLabel: … }`
    static func keySet(_ fields: EntryFields) throws(Misfit) -> ForgeSettings.KeySet {
        let label = fields["isolatedCloudLabel"]
        guard fields["apiBaseUrl"] != nil || label != nil else {
            throw Misfit("needs `apiBaseUrl` or `isolatedCloudLabel`, to say which tokens the key set is for")
        }
        if let label {
            let isLabel = label.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || $0 == UInt8(ascii: "_")
                    || $0 == UInt8(ascii: "-")
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
            }
            guard (1...50).contains(label.utf8.count), isLabel else {
                throw Misfit("has an `isolatedCloudLabel` that is not 1 to 50 of a–z, 0–9, `_` and `-`")
            }
        }
        return ForgeSettings.KeySet(
            apiBaseURL: fields["apiBaseUrl"], isolatedCloudLabel: label,
            jwksURL: try WebAddress(fields["jwksUrl"] ?? ""))
    }

    /// `{ name: "2026", file: keys/2026 }`, or `environment`, or `command: [aws, kms, …]`.
    static func sealingKey(_ fields: EntryFields) throws(Misfit) -> SecretsSettings.NamedKey {
        let name = try ScalarKind.name.read(fields["name"] ?? "", fields.folder)
        var sources: [KeySource] = []
        if let file = fields["file"] { sources.append(.file(try ScalarKind.path.read(file, fields.folder))) }
        if let variable = fields["environment"] { sources.append(.environment(variable)) }
        if let command = fields.list("command") {
            guard !command.isEmpty else { throw Misfit("has an empty `command`") }
            sources.append(.command(command))
        }
        guard let source = sources.first, sources.count == 1 else {
            throw Misfit("must have one of `file`, `environment` and `command`, to say where the key is")
        }
        return SecretsSettings.NamedKey(name: name, source: source)
    }

    /// `{ path: "/oauth/callback", query: state }`; a path alone must contain `{tenant}`, or has `writes: true`.
    static func route(_ fields: EntryFields) throws(Misfit) -> TenantRoute {
        let path = fields["path"] ?? ""
        guard path.hasPrefix("/") else { throw Misfit("has a `path` that does not begin with a slash") }
        let stars = path.utf8.count { $0 == UInt8(ascii: "*") }
        guard stars == 0 || (stars == 1 && path.hasSuffix("/*")) else {
            throw Misfit("has a `path` with a `*` that is not its last segment")
        }
        var sources: [TenantRoute.Source] = []
        if let name = fields["query"] { sources.append(.query(name)) }
        if let name = fields["header"] { sources.append(.header(name.lowercased())) }
        if let name = fields["bearerClaim"] { sources.append(.bearerClaim(name)) }
        guard sources.count <= 1 else { throw Misfit("must have one of `query`, `header` and `bearerClaim`, not more") }
        var isWriting = false
        if let writes = fields["writes"] { isWriting = try ScalarKind.boolean.read(writes, fields.folder) }
        if let source = sources.first { return TenantRoute(path: path, source: source, writes: isWriting) }
        let namesTenant = path.split(separator: "/").contains("{tenant}")
        if isWriting, !namesTenant { return TenantRoute(path: path, source: .none, writes: true) }
        guard namesTenant else {
            throw Misfit(
                "does not say what names the tenant: give `query`, `header`, `bearerClaim`, or a `path` with a segment "
                    + "`{tenant}`; for calls that have a token and may write, `writes: true`")
        }
        return TenantRoute(path: path, source: .path, writes: isWriting)
    }

    /// `{ chain: eu.pem, key: eu-key.pem, names: [eu.example.com, "*.eu.example.com"] }`; without `names` those that
    /// are in the certificate.
    static func certificate(_ fields: EntryFields) throws(Misfit) -> CertificateFiles {
        guard let chain = fields["chain"], let key = fields["key"] else {
            throw Misfit("needs `chain` and `key`, the two files of a certificate")
        }
        let names = (fields.list("names") ?? []).map { $0.lowercased() }
        for name in names {
            let bare = name.hasPrefix("*.") ? name.dropFirst(2) : name[...]
            guard !bare.isEmpty, bare.utf8.allSatisfy(isOfHostName) else {
                throw Misfit("has a name that is neither a host name nor `*.` and one: \(Misfit.shown(name))")
            }
        }
        return CertificateFiles(
            chainFile: try ScalarKind.path.read(chain, fields.folder),
            keyFile: try ScalarKind.path.read(key, fields.folder), names: names)
    }

    private static func isOfHostName(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }

    /// `{ path: "/view/{issue.key}", method: GET }`; GET where no method is given.
    static func call(_ fields: EntryFields) throws(Misfit) -> DeclaredCall {
        let path = fields["path"] ?? ""
        guard path.hasPrefix("/"), !path.contains("?") else {
            throw Misfit("has a `path` that does not begin with a slash, or has a query")
        }
        let method = fields["method"] ?? "GET"
        guard method == "GET" || method == "POST" else {
            throw Misfit("has a `method` that is not GET or POST, in upper case")
        }
        return DeclaredCall(method: method, path: path)
    }
}
