import Foundation

/// A question of a cutover as it travels from node to node: JSON. A field that a newer node adds is passed over by an
/// older one.
package struct HoldQuestionBody: Codable {
    private enum Kind: String, Codable {
        case traffic, hold, release
    }

    private var kind: Kind
    private var tenant: String
    /// Of the hold: the source; of a release: where the tenant serves.
    private var region: String?
    private var target: String?
    private var epoch: Int64?
    private var sequence: Int64?
    private var migration: String?
    private var change: String?
    private var drainMicros: Int64?
    private var isFenced: Bool?
    private var passesReads: Bool?
    /// Of the hold: of all requests, or of those that may write.
    private var state: String?

    /// Bytes of a migration's name, and of a change's.
    private static let maxNameBytes = 256
    /// A drain takes no longer than this, whoever asks.
    private static let maxDrain = Duration.seconds(600)

    /// The bytes to send.
    package static func encode(_ question: HoldQuestion) -> [UInt8] {
        let body: HoldQuestionBody
        switch question {
        case .traffic(let id, let target):
            body = HoldQuestionBody(kind: .traffic, tenant: id.description, target: target.code)
        case .hold(let hold, let rule, let target):
            body = HoldQuestionBody(
                kind: .hold, tenant: hold.tenant.description, region: hold.source.code, target: target.code,
                epoch: hold.epoch, sequence: hold.sequence, migration: hold.migration, change: hold.change,
                drainMicros: rule.budget.microseconds, isFenced: rule.isFenced, passesReads: rule.passesReads,
                state: hold.state.rawValue)
        case .release(let id, let placement, let sequence):
            body = HoldQuestionBody(
                kind: .release, tenant: id.description, region: placement.region.code, epoch: placement.epoch,
                sequence: sequence)
        }
        // Nothing in it can fail to be encoded.
        return (try? JSONEncoder().encode(body)).map(Array.init) ?? []
    }

    /// What another node has asked, read without trust.
    /// - Throws: `.unavailable` with a sentence that says what is not as it should be.
    package static func decode(_ bytes: [UInt8]) throws(DirectoryError) -> HoldQuestion {
        guard let body = try? JSONDecoder().decode(HoldQuestionBody.self, from: Data(bytes)) else {
            throw misfit("it is not the JSON of one; give all nodes the same release")
        }
        guard let tenant = TenantID(body.tenant) else { throw misfit("`tenant` is not the id of one") }
        switch body.kind {
        case .traffic: return .traffic(tenant, target: try place(body.target, "target"))
        case .hold: return try body.hold(tenant)
        case .release:
            let placement = Placement(
                region: try place(body.region, "region"), epoch: try number(body.epoch, "epoch"), state: .serving)
            return .release(tenant, placement, sequence: try number(body.sequence, "sequence"))
        }
    }

    private func hold(_ tenant: TenantID) throws(DirectoryError) -> HoldQuestion {
        let budget = Duration.microseconds(try Self.number(drainMicros, "drainMicros"))
        guard budget <= Self.maxDrain else { throw Self.misfit("`drainMicros` is more than ten minutes") }
        guard let isFenced, let passesReads else { throw Self.misfit("`isFenced` or `passesReads` is missing") }
        guard let state = state.flatMap({ Placement.State(rawValue: $0) }), state != .serving else {
            throw Self.misfit("`state` is not that of a hold")
        }
        let hold = TenantHold(
            tenant: tenant, migration: try Self.name(migration, "migration"), change: try Self.name(change, "change"),
            epoch: try Self.number(epoch, "epoch"), sequence: try Self.number(sequence, "sequence"),
            source: try Self.place(region, "region"), state: state)
        return .hold(
            hold, DrainRule(budget: budget, isFenced: isFenced, passesReads: passesReads),
            target: try Self.place(target, "target"))
    }

    private static func place(_ code: String?, _ field: String) throws(DirectoryError) -> Region {
        guard let region = code.flatMap({ Region($0) }), region != .global else {
            throw misfit("`\(field)` is not the region of a placement")
        }
        return region
    }

    private static func number(_ number: Int64?, _ field: String) throws(DirectoryError) -> Int64 {
        guard let number, number >= 0 else { throw misfit("`\(field)` is not a number of 0 or more") }
        return number
    }

    private static func name(_ name: String?, _ field: String) throws(DirectoryError) -> String {
        guard let name, !name.isEmpty, name.utf8.count <= maxNameBytes else {
            throw misfit("`\(field)` is not a name of 1 to \(maxNameBytes) bytes")
        }
        return name
    }

    private static func misfit(_ what: String) -> DirectoryError {
        DirectoryError(.unavailable, "The question of a cutover cannot be answered: \(what).")
    }
}
