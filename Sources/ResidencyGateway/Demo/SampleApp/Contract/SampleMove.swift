import Foundation
import RealmMigration

/// Who moves which tenant, and what is asked for: the query of a call of the contract.
struct SampleMove: Sendable {
    let migration: String
    let directory: String
    let generation: Int64
    let attempt: Int64
    let tenant: String
    /// What the tenant is called in the app's rows. A site that comes from Connect to Forge has both names.
    let names: [String]
    private let values: [String: String]

    /// - Parameter query: without its question mark.
    init(_ query: some StringProtocol) throws(SampleRefusal) {
        var values: [String: String] = [:]
        for pair in query.split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2, let value = String(halves[1]).removingPercentEncoding else { continue }
            values[String(halves[0])] = value
        }
        names = [values["clientKey"], values["installationId"]].compactMap { $0 }.filter { !$0.isEmpty }
        guard let migration = values["migration"], let directory = values["directory"], let tenant = values["tenant"],
            let generation = values["generation"].flatMap({ Int64($0) }),
            let attempt = values["attempt"].flatMap({ Int64($0) }), !names.isEmpty
        else { throw SampleRefusal(.blocked, "the call does not say who moves, by what authority") }
        self.migration = migration
        self.directory = directory
        self.tenant = tenant
        self.generation = generation
        self.attempt = attempt
        self.values = values
    }

    func text(_ name: String) throws(SampleRefusal) -> String {
        guard let value = values[name] else { throw SampleRefusal(.blocked, "the call has no \(name)") }
        return value
    }

    func number(_ name: String) throws(SampleRefusal) -> Int64 {
        guard let value = Int64(try text(name)) else { throw SampleRefusal(.blocked, "\(name) is not a number") }
        return value
    }

    /// One that may be left out.
    func flag(_ name: String) -> Bool { values[name] == "true" }

    func collection() throws(SampleRefusal) -> SampleCollection {
        guard let collection = SampleCollection(rawValue: try text("collection")) else {
            throw SampleRefusal(.blocked, "there is no such collection")
        }
        return collection
    }

    func optional(_ name: String) -> String? { values[name] }

    var isTarget: Bool { values["side"] == "target" }

    /// What ``SampleTenantRow/prepared`` says once this has been prepared.
    var preparation: String { "\(isTarget ? "target" : "source")/\(attempt)" }
}
