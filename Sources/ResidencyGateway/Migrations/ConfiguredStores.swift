import Foundation
import RealmMigration
import TenantDirectory

/// The stores of a configuration, with the sides that this node reaches itself.
enum ConfiguredStores {
    /// What is needed beside the configuration.
    struct Means: Sendable {
        let client: OutboundClient
        /// The way to the targets of other nodes; `nil` where there are none.
        let link: (any StoreLink)?
        let environment: [String: String]
        /// Seconds since 1970.
        let wallClock: @Sendable () -> Int64
    }

    /// - Parameter regions: those whose stores this node reaches.
    /// - Throws: ``Complaints`` about what is missing.
    static func make(
        _ configuration: GatewayConfiguration, regions: Set<Region>, _ means: Means
    ) throws -> StoreSet {
        var complaints: [Complaint] = []
        var entries: [StoreSet.Entry] = []
        for (index, entry) in configuration.stores.enumerated() {
            let path = "stores[\(index)]"
            do {
                if configuration.stores[..<index].contains(where: { $0.name == entry.name }) {
                    throw Misfit("has the name \(entry.name), which another store has; each needs its own")
                }
                entries.append(try make(entry, regions, means))
            } catch let misfit as Misfit {
                complaints.append(Complaint(configuration.place(of: path), path, misfit.sentence))
            } catch let error as MigrationError {
                complaints.append(Complaint(configuration.place(of: path), path, error.message))
            }
        }
        guard complaints.isEmpty else { throw Complaints(complaints) }
        return StoreSet(entries, link: means.link)
    }

    private static func make(
        _ entry: StoreEntry, _ regions: Set<Region>, _ means: Means
    ) throws -> StoreSet.Entry {
        switch entry.kind {
        case .none: return StoreSet.Entry(name: entry.name, kind: .none, reason: entry.reason)
        case .postgres: return try postgres(entry, regions, means)
        case .http: return try http(entry, regions, means)
        }
    }

    // MARK: PostgreSQL

    private static func postgres(
        _ entry: StoreEntry, _ regions: Set<Region>, _ means: Means
    ) throws -> StoreSet.Entry {
        var urls: [Region: Secret] = [:]
        for (region, texts) in entry.urls where regions.contains(region) {
            guard let text = texts.first, texts.count == 1 else {
                throw Misfit("has several URLs for \(region); a PostgreSQL database has one")
            }
            let url = try value(text, means.environment)
            try PostgresURL.check(url)
            urls[region] = Secret(url)
        }
        let settings = try settings(entry, urls: urls)
        var (sources, targets): ([Region: any SourceStore], [Region: any TargetStore]) = ([:], [:])
        for region in urls.keys {
            let side = try PostgresSide(settings, region: region)
            sources[region] = PostgresSourceStore(side)
            targets[region] = PostgresTargetStore(side)
        }
        return StoreSet.Entry(name: entry.name, kind: .postgres, sources: sources, targets: targets)
    }

    private static func settings(_ entry: StoreEntry, urls: [Region: Secret]) throws -> PostgresStoreSettings {
        var settings = PostgresStoreSettings(name: entry.name, urls: urls)
        settings.tenantName = entry.tenantIs
        if !entry.schemas.isEmpty { settings.schemas = entry.schemas }
        if !entry.tenantColumns.isEmpty { settings.tenantColumns = entry.tenantColumns }
        settings.tables = try entry.tables.map { name, way in try table(name, way, entry) }
        settings.activating = entry.activates
        settings.offStates = entry.offStates
        settings.jobRoles = entry.jobRoles
        settings.acceptsSweeps = entry.acceptsSweeps
        return settings
    }

    /// One region's database of a store, for a command.
    /// - Throws: ``Misfit``, and what a URL that is none makes ``PostgresURL`` throw.
    static func side(_ entry: StoreEntry, _ region: Region, environment: [String: String]) throws -> PostgresSide {
        guard let text = entry.urls[region]?.first else { throw Misfit("has no URL for \(region)") }
        let url = try value(text, environment)
        try PostgresURL.check(url)
        return try PostgresSide(try settings(entry, urls: [region: Secret(url)]), region: region)
    }

    private static func table(_ name: String, _ way: String, _ entry: StoreEntry) throws -> PostgresTableSettings {
        var table = PostgresTableSettings(name: name)
        let words = way.split(whereSeparator: { $0 == " " || $0 == "," }).map(String.init)
        if words.first == "via" {
            table.path = Array(words.dropFirst())
            guard !table.path.isEmpty else { throw Misfit("has a table \(name) that leads nowhere: name the columns") }
        } else if let column = words.first {
            guard words.count == 1 else {
                throw Misfit("has a table \(name) with several tenant columns; `via` begins a path of foreign keys")
            }
            table.tenantColumn = column
        }
        table.excludedRows = entry.excludedRows[name]
        table.excludedColumns =
            entry.excludedColumns[name]?.split(whereSeparator: { $0 == " " || $0 == "," }).map(String.init) ?? []
        return table
    }

    // MARK: HTTP

    private static func http(
        _ entry: StoreEntry, _ regions: Set<Region>, _ means: Means
    ) throws -> StoreSet.Entry {
        var urls: [Region: [String]] = [:]
        for (region, texts) in entry.urls where regions.contains(region) {
            urls[region] = try texts.map { text in
                let url = try value(text, means.environment)
                _ = try WebAddress(url)
                return url
            }
        }
        let credential: HTTPStoreSettings.Credential =
            if let name = entry.secretVariable {
                .signature(Secret(try value("$" + name, means.environment)))
            } else {
                .bearer(Secret(try value("$" + (entry.tokenVariable ?? ""), means.environment)))
            }
        let settings = HTTPStoreSettings(name: entry.name, urls: urls, credential: credential)
        var (sources, targets): ([Region: any SourceStore], [Region: any TargetStore]) = ([:], [:])
        for region in urls.keys {
            sources[region] = HTTPSourceStore(
                settings, region: region, client: means.client, wallClock: means.wallClock)
            targets[region] = HTTPTargetStore(
                settings, region: region, client: means.client, wallClock: means.wallClock)
        }
        return StoreSet.Entry(name: entry.name, kind: .http, sources: sources, targets: targets)
    }

    /// The text, or what the environment variable that it names holds.
    private static func value(_ text: String, _ environment: [String: String]) throws(Misfit) -> String {
        guard text.hasPrefix("$") else { return text }
        let name = String(text.dropFirst())
        guard let value = environment[name], !value.isEmpty else {
            throw Misfit("names the environment variable \(name), which is not set")
        }
        return value
    }
}
