import TenantDirectory
import TestSupport
import Testing

@Suite("The PostgreSQL store", .timeLimit(.minutes(3)))
struct PostgresStoreConformanceTests {
    @Test("keeps every promise of a store", arguments: DirectoryStoreConformance.cases)
    func conformance(promise: DirectoryStoreConformance.Case) async throws {
        let url = try await PostgresCluster.shared().newSchema()
        let clock = ManualDate()
        let store = try PostgresStore(.patient(url), sealer: .test(), now: { clock.now })
        try await promise.run(DirectoryStoreConformance(store: store, clock: clock))
        store.close()
    }
}
