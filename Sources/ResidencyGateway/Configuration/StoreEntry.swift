import Foundation
import RealmMigration
import TenantDirectory

/// A store that the app keeps data by tenant in, as the configuration declares it.
struct StoreEntry: Sendable, Equatable {
    var name: String
    var kind: StoreSet.Kind
    /// Why it is not moved; of kind `none` alone.
    var reason = ""
    /// By region; `$NAME` is the value of that environment variable.
    var urls: [Region: [String]] = [:]
    var tenantIs = TenantNames.Kind.clientKey
    /// Tables by name: the tenant's column, or `via` and the columns that lead to it. Empty for those that are found.
    var tables: [(name: String, way: String)] = []
    var tenantColumns: [String] = []
    var schemas: [String] = []
    /// Conditions upon the rows of a table that are not moved.
    var excludedRows: [String: String] = [:]
    /// Columns of a table that are not moved, separated by commas.
    var excludedColumns: [String: String] = [:]
    var activates: [String] = []
    /// What keeps the app from acting by a row of those that others refer to, by table.
    var offStates: [String: [PostgresOffColumn]] = [:]
    var jobRoles: [String] = []
    var acceptsSweeps = false
    /// Of kind `http`: the environment variable with the secret that calls are signed with, or with a bearer token.
    var secretVariable: String?
    var tokenVariable: String?

    static let fields = [
        "name", "kind", "urls", "reason", "tenantIs", "tables", "tenantColumns", "schemas", "exclude",
        "excludeColumns", "activates", "jobs", "acceptSweeps", "secret", "token",
    ]
    static let lists = [
        "urls", "tables", "tenantColumns", "schemas", "exclude", "excludeColumns", "activates", "jobs",
    ]

    static func == (left: StoreEntry, right: StoreEntry) -> Bool { left.name == right.name && left.urls == right.urls }

    // MARK: Reading

    /// `{ name: main, kind: postgres, urls: { EU: $EU_DATABASE, US: $US_DATABASE }, tables: { notes: client_key } }`
    static func read(_ fields: EntryFields) throws(Misfit) -> StoreEntry {
        let name = try ScalarKind.name.read(fields["name"] ?? "", fields.folder)
        guard let kind = fields["kind"].flatMap({ StoreSet.Kind(rawValue: $0) }) else {
            throw Misfit("needs a `kind`: postgres, http, or none with its `reason`")
        }
        var entry = StoreEntry(name: name, kind: kind)
        entry.reason = fields["reason"] ?? ""
        guard kind != .none || !entry.reason.isEmpty else {
            throw Misfit("needs a `reason`: plans and receipts say why it is not moved")
        }
        for (code, url) in pairs(fields.list("urls") ?? []) {
            guard let region = Region(code) else { throw Misfit("has `urls` of \(Misfit.shown(code)), no realm code") }
            entry.urls[region, default: []].append(url)
        }
        guard kind == .none || !entry.urls.isEmpty else {
            throw Misfit("needs `urls`, a mapping from realm codes such as { EU: $EU_DATABASE_URL }")
        }
        if let text = fields["tenantIs"] {
            guard let named = TenantNames.Kind(rawValue: text) else {
                throw Misfit("has a `tenantIs` that is not clientKey, installationId, cloudId or hostBaseUrl")
            }
            entry.tenantIs = named
        }
        try entry.readDetails(fields)
        return entry
    }

    private mutating func readDetails(_ fields: EntryFields) throws(Misfit) {
        tables = Self.pairs(fields.list("tables") ?? []).map { (name: $0, way: $1) }
        tenantColumns = fields.list("tenantColumns") ?? []
        schemas = fields.list("schemas") ?? []
        excludedRows = Dictionary(Self.pairs(fields.list("exclude") ?? [])) { first, _ in first }
        excludedColumns = Dictionary(Self.pairs(fields.list("excludeColumns") ?? [])) { first, _ in first }
        // Names, or a mapping from names to what switches a row off: `{ installation: "enabled = false" }`.
        for (name, switches) in Self.pairs(fields.list("activates") ?? []) {
            activates.append(name)
            guard !switches.isEmpty else { continue }
            offStates[name] = try Self.offState(switches)
        }
        jobRoles = fields.list("jobs") ?? []
        acceptsSweeps = fields["acceptSweeps"] == "true"
        secretVariable = try Self.variable(fields["secret"], "secret")
        tokenVariable = try Self.variable(fields["token"], "token")
        guard kind != .http || (secretVariable == nil) != (tokenVariable == nil) else {
            throw Misfit("needs one of `secret` and `token`, such as $STORE_SECRET: the app knows the gateway by it")
        }
        for url in urls.values.flatMap({ $0 }) where kind == .postgres && !url.hasPrefix("$") {
            try PostgresURL.check(url)
            guard !PostgresURL.hasPassword(Secret(url)) else {
                throw Misfit("has a URL with a password; name a variable that holds it, such as $EU_DATABASE_URL")
            }
        }
    }

    /// What a mapping says is read as a list of `KEY=VALUE`.
    private static func pairs(_ words: [String]) -> [(String, String)] {
        words.map { word in
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            return (parts[0], parts.count == 2 ? parts[1] : "")
        }
    }

    /// `enabled = false, note = ''`
    private static func offState(_ text: String) throws(Misfit) -> [PostgresOffColumn] {
        try text.split(separator: ",").map { part throws(Misfit) in
            let sides = part.split(separator: "=", maxSplits: 1).map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            guard sides.count == 2, !sides[0].isEmpty, !sides[1].isEmpty else {
                throw Misfit("has an `activates` that is not COLUMN = VALUE, such as enabled = false")
            }
            return PostgresOffColumn(column: sides[0], value: sides[1])
        }
    }

    private static func variable(_ text: String?, _ field: String) throws(Misfit) -> String? {
        guard let text else { return nil }
        guard text.hasPrefix("$"), text.count > 1 else {
            throw Misfit(
                "has a `\(field)` in clear; name the environment variable that holds it, such as $STORE_SECRET")
        }
        return String(text.dropFirst())
    }
}
