import TenantDirectory
import TestSupport
import Testing

@Suite("The SQLite store")
struct SQLiteStoreConformanceTests {
    @Test("keeps every promise of a store", arguments: DirectoryStoreConformance.cases)
    func conformance(promise: DirectoryStoreConformance.Case) async throws {
        let folder = try ScratchFolder()
        let clock = ManualDate()
        let store = try SQLiteStore(path: folder.file("d.sqlite"), sealer: .test(), now: { clock.now })
        try await promise.run(DirectoryStoreConformance(store: store, clock: clock))
        store.close()
    }
}

extension SecretSealer {
    /// A sealer with a key that only tests use.
    static func test(_ byte: UInt8 = 7) throws -> SecretSealer {
        SecretSealer(try #require(KeyRing(key: [UInt8](repeating: byte, count: 32))))
    }
}
