import Foundation
import TenantDirectory

/// What a source and a target are asked alike.
extension StoreCaller {
    func survey(
        _ ticket: MoveTicket, side: String, mode: MoveMode
    ) async throws(MigrationError) -> StoreSurvey {
        var query = StoreQuery(ticket)
        query.add("side", side)
        query.add("mode", mode.rawValue)
        let answer = try await json(.survey, query, as: StoreAnswers.Survey.self)
        guard StoreAnswers.isName(answer.storeId) else { throw bad(.survey, "says no id of its store") }
        try check(answer.collections, .survey)
        var survey = StoreSurvey(storeID: answer.storeId)
        survey.schemaFingerprint = answer.schema
        survey.hasFence = answer.fence
        survey.tables = answer.collections.map {
            .init(name: $0.name, rows: $0.rows, bytes: $0.bytes, isLive: $0.live ?? false)
        }
        survey.blockers = findings(answer.blockers)
        survey.warnings = findings(answer.warnings)
        if !answer.fence {
            survey.warnings.append(
                .init(
                    code: "no-fence",
                    message: "store \(store) in \(region): the app cannot refuse a tenant's writes in all of its "
                        + "processes and jobs; the walls of the gateway are all there is",
                    remedy: "answer freeze as config/store-contract.yaml says, and say so with \"fence\": true"))
        }
        return survey
    }

    func claim(_ ticket: MoveTicket, side: String) async throws(MigrationError) -> StoreClaim {
        var query = StoreQuery(ticket)
        query.add("side", side)
        let claim = try await json(.claim, query, as: StoreClaim.self)
        guard claim.epoch >= 0, claim.generation >= 0, claim.attempt >= 0 else {
            throw bad(.claim, "says that the tenant's row has a negative number")
        }
        return claim
    }

    func prepare(_ ticket: MoveTicket, side: String, mode: MoveMode) async throws(MigrationError) {
        var query = StoreQuery(ticket)
        query.add("side", side)
        query.add("mode", mode.rawValue)
        _ = try await call(.prepare, query)
    }

    func check(
        _ collections: [StoreAnswers.Collection], _ operation: StoreOperation
    ) throws(MigrationError) {
        guard collections.count <= StoreAnswers.maxCollections else {
            throw bad(operation, "names more than \(StoreAnswers.maxCollections) collections")
        }
        guard Set(collections.map(\.name)).count == collections.count,
            collections.allSatisfy({ StoreAnswers.isName($0.name) && $0.rows >= 0 && $0.bytes >= 0 })
        else { throw bad(operation, "names a collection twice, by a name with blanks, or with a negative size") }
    }

    private func findings(_ given: [StoreAnswers.Finding]?) -> [StoreSurvey.Finding] {
        (given ?? []).prefix(100).map { finding in
            .init(
                code: Self.short(finding.code), message: "store \(store) in \(region): \(Self.short(finding.message))",
                remedy: Self.short(finding.remedy ?? ""))
        }
    }

    private static func short(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix(500).filter { $0.value >= 0x20 }))
    }
}
