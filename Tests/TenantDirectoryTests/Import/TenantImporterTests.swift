import Foundation
import Synchronization
import TenantDirectory
import TestSupport
import Testing

@Suite("Import and export")
struct TenantImporterTests {
    func lines(_ count: Int) throws -> [ImportedTenant] {
        let region = try #require(Region("EU"))
        return (0..<count).map { index in
            ImportedTenant(
                aliases: [TenantAlias(.connect, app: "app", name: "client-\(index)")],
                secret: Secret("secret \(index) \"quoted\""), region: region, hostBaseURL: "https://a.example/wiki",
                product: "confluence", cloudID: "c-\(index)", isUninstalled: index == 3)
        }
    }

    @Test("An import goes batch by batch and tells how far it is; repeated it adds nothing")
    func batches() async throws {
        let folder = try ScratchFolder()
        let store = try SQLiteStore(path: folder.file("d.sqlite"), sealer: .test())
        let importer = TenantImporter(store, batchSize: 10, pause: .zero)
        let steps = Mutex<[Int]>([])
        let outcome = try await importer.run(lines(25), actor: "tenants import") { done in
            steps.withLock { $0.append(done) }
        }
        #expect(outcome.added == 25)
        #expect(steps.withLock { $0 } == [10, 20, 25])
        let again = try await importer.run(lines(30), actor: "tenants import")
        #expect(again.added == 5)
        #expect(again.skipped == 25)
        store.close()
    }

    @Test("An export with secrets is an import of the same tenants, and without them holds none")
    func exported() async throws {
        let folder = try ScratchFolder()
        let store = try SQLiteStore(path: folder.file("d.sqlite"), sealer: .test())
        let lines = try lines(5)
        _ = try await TenantImporter(store, pause: .zero).run(lines, actor: "tenants import")
        let tenants = try await store.tenants(after: nil, limit: 10, filter: TenantFilter())
        let text = tenants.compactMap { TenantExporter(includesSecrets: true).line($0) }.joined(separator: "\n")
        let file = try ImportReader.read(Data(text.utf8), options: ImportOptions())
        func sorted(_ tenants: [ImportedTenant]) -> [ImportedTenant] {
            tenants.sorted { ($0.aliases.first?.name ?? "") < ($1.aliases.first?.name ?? "") }
        }
        #expect(sorted(file.tenants) == sorted(lines))
        let without = tenants.compactMap { TenantExporter(includesSecrets: false).line($0) }
        #expect(without.count == 5)
        #expect(without.allSatisfy { !$0.contains("secret") && !$0.contains("quoted") && $0.contains("clientKey") })
        store.close()
    }
}
