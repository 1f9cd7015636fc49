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
        case .postgres, .http:
            throw Misfit("is of kind \(entry.kind.rawValue), which this build cannot move; use one of kind none")
        }
    }

    /// The text, or what the environment variable that it names holds.
    static func value(_ text: String, _ means: Means) throws(Misfit) -> String {
        guard text.hasPrefix("$") else { return text }
        let name = String(text.dropFirst())
        guard let value = means.environment[name], !value.isEmpty else {
            throw Misfit("names the environment variable \(name), which is not set")
        }
        return value
    }
}
