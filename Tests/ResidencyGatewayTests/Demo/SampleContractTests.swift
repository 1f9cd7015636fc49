import Foundation
import Logging
import RealmMigration
import ServiceLifecycle
import TenantDirectory
import TestSupport
import Testing

@testable import ResidencyGateway

/// The sample app over real sockets, asked as a migration asks.
@Suite("The sample app keeps the store contract")
struct SampleContractTests {
    private static let settingsSecret = Secret("a secret that both sides know")

    @Test(arguments: StoreContractConformance.cases)
    func conformance(_ promise: StoreContractConformance.Case) async throws {
        try await Self.run { site in try await promise.run(site) }
    }

    @Test("a call that is not signed, or with another secret, is refused; the mover says which secret to look at")
    func signatures() async throws {
        let region = try #require(Region("EU"))
        try await Self.serve { urls, _, client in
            let url = try #require(urls[region]?.first)
            let answer = try await client.fetch(OutboundRequest(url: "\(url)/survey", timeout: .seconds(60)))
            #expect(answer.status == 401)
            let stranger = HTTPSourceStore(
                HTTPStoreSettings(name: "sample", urls: urls, credential: .signature(Secret("another"))),
                region: region, client: client, wallClock: { Int64(Date().timeIntervalSince1970) })
            let late = HTTPSourceStore(
                HTTPStoreSettings(name: "sample", urls: urls, credential: .signature(Self.settingsSecret)),
                region: region, client: client, wallClock: { Int64(Date().timeIntervalSince1970) - 1_000 })
            for store in [stranger, late] {
                let error = await #expect(throws: MigrationError.self) {
                    _ = try await store.survey(try Self.ticket(), mode: .live)
                }
                #expect(error?.code == .blocked)
                #expect(error?.message.contains("secret") == true)
            }
        }
    }

    static func ticket() throws -> MoveTicket {
        MoveTicket(
            migration: "m1", tenant: TenantID.random(), names: TenantNames(clientKey: "key"),
            source: try #require(Region("EU")), target: try #require(Region("US")), directory: "d", generation: 1,
            attempt: 1)
    }

    // MARK: Two regions of the app

    private static func run(
        _ body: @escaping @Sendable (StoreContractConformance) async throws -> Void
    ) async throws {
        try await serve { urls, stores, client in
            var settings = HTTPStoreSettings(name: "sample", urls: urls, credential: .signature(settingsSecret))
            // Several batches even of few rows.
            settings.limits.batchBytes = 600
            func side(_ code: String) throws -> StoreContractConformance.Side {
                let region = try #require(Region(code))
                let store = try #require(stores[region])
                let clock: @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) }
                return .init(
                    region: region,
                    source: HTTPSourceStore(settings, region: region, client: client, wallClock: clock),
                    target: HTTPTargetStore(settings, region: region, client: client, wallClock: clock),
                    write: { tenant, text in
                        do {
                            try await store.addNote(text, of: tenant)
                            return true
                        } catch is SampleMoving {
                            return false
                        }
                    },
                    texts: { tenant in try await store.allNotes(of: tenant) })
            }
            try await body(StoreContractConformance(from: try side("EU"), to: try side("US")))
        }
    }

    private static func serve(
        _ body:
            @escaping @Sendable (
                _ urls: [Region: [String]], _ stores: [Region: SQLiteSampleStore], _ client: OutboundClient
            ) async throws -> Void
    ) async throws {
        let folder = try ScratchFolder()
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        var (servers, stores): ([(Region, SmallServer)], [Region: SQLiteSampleStore]) = ([], [:])
        for code in ["EU", "US"] {
            let region = try #require(Region(code))
            let store = try SQLiteSampleStore(path: folder.file("\(code).sqlite"))
            let contract = try #require(SampleContract(store: store, secret: settingsSecret))
            servers.append((region, SampleApp(name: code, store: store, contract: contract).server(port: 0)))
            stores[region] = store
        }
        let group = ServiceGroup(services: servers.map(\.1), logger: quiet)
        try await withThrowingTaskGroup(of: Void.self) { [servers, stores] tasks in
            tasks.addTask { try await group.run() }
            var urls: [Region: [String]] = [:]
            for (region, server) in servers {
                let port = try #require(await server.boundPort())
                urls[region] = ["http://127.0.0.1:\(port)\(SampleContract.path)"]
            }
            try await withOutboundClient(HostCaller.outbound) { [urls] client in try await body(urls, stores, client) }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        _ = consume folder
    }
}
