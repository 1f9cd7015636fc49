import TestSupport
import Testing

@testable import ResidencyGateway

@Suite("The sample app's data", .timeLimit(.minutes(2)))
struct SampleStoreTests {
    enum Kind: String, CaseIterable, Sendable {
        case sqlite
        case postgres

        func open(_ folder: borrowing ScratchFolder) async throws -> any SampleStore {
            switch self {
            case .sqlite: try SQLiteSampleStore(path: folder.file("sample.sqlite"))
            case .postgres: try await PostgresSampleStore(url: PostgresCluster.shared().newSchema())
            }
        }
    }

    @Test("is kept for each tenant by itself, whatever the database", arguments: Kind.allCases)
    func kept(_ kind: Kind) async throws {
        let folder = try ScratchFolder()
        let store = try await kind.open(folder)
        try await store.record("installed", tenant: "a", site: "https://a.example", product: "jira")
        try await store.record("enabled", tenant: "a", site: nil, product: nil)
        try await store.countVisit(of: "a")
        try await store.countVisit(of: "a")
        try await store.countWebhook(of: "it's b")
        for number in 1...21 { try await store.addNote("note '\(number)'", of: "a") }
        let first = try await store.summary(of: "a")
        #expect(first.site == "https://a.example" && first.product == "jira")
        #expect(first.installedAt?.hasSuffix("Z") == true)
        #expect(first.visits == 2 && first.webhooks == 0)
        #expect(first.notes.count == 20 && first.notes.first == "note '21'" && first.notes.last == "note '2'")
        #expect(
            try await store.summary(of: "it's b")
                == SampleSummary(site: nil, product: nil, installedAt: nil, visits: 0, webhooks: 1, notes: []))
        #expect(try await store.summary(of: "c").visits == 0)
    }
}
