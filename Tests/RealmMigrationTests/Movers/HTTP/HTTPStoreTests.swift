import TenantDirectory
import TestSupport
import Testing

@testable import RealmMigration

/// The mover against an app whose answers a test writes byte by byte.
@Suite("The http mover")
struct HTTPStoreTests {
    private static let secret = "the secret of the store"

    static func ticket() throws -> MoveTicket {
        MoveTicket(
            migration: "m 1&x", tenant: TenantID(high: 1, low: 2), names: TenantNames(clientKey: "a/b c"),
            source: try #require(Region("EU")), target: try #require(Region("US")), directory: "d1", generation: 3,
            attempt: 2)
    }

    /// Stores whose app, in both regions, is at these URLs.
    private static func withStores(
        _ urls: [String], credential: HTTPStoreSettings.Credential = .signature(Secret(Self.secret)),
        _ body: @escaping @Sendable (HTTPSourceStore, HTTPTargetStore) async throws -> Void
    ) async throws {
        let (source, target) = (try #require(Region("EU")), try #require(Region("US")))
        var settings = HTTPStoreSettings(name: "notes", urls: [source: urls, target: urls], credential: credential)
        settings.limits.callTimeout = .seconds(5)
        settings.limits.batchTimeout = .seconds(5)
        settings.limits.maxAnswerBytes = 2_000
        settings.limits.maxBatchBytes = 4_000
        let allow = [AddressRange("127.0.0.1")].compactMap { $0 }
        try await withOutboundClient(OutboundConfiguration(allow: allow)) { [settings] client in
            try await body(
                HTTPSourceStore(settings, region: source, client: client, wallClock: { 1_000 }),
                HTTPTargetStore(settings, region: target, client: client, wallClock: { 1_000 }))
        }
    }

    private static func code(_ act: () async throws -> Void) async -> MigrationError.Code? {
        do {
            try await act()
            return nil
        } catch {
            return (error as? MigrationError)?.code
        }
    }

    // MARK: What is sent

    @Test("signs method, path, query, time and body, and says who moves in a query that holds whatever it has to")
    func request() async throws {
        let server = try await ScriptedServer { _ in .http(200, #"{"decision":"open"}"#) }
        try await Self.withStores(["\(server.url)/residency"]) { source, _ in
            let ticket = try Self.ticket()
            #expect(try await source.decide(ticket, epoch: 8, .open) == .open)
        }
        let seen = try #require(server.requests.first)
        let target =
            "/residency/decide?migration=m%201%26x&directory=d1&generation=3&attempt=2&from=EU&to=US"
            + "&tenant=00000000000000010000000000000002&clientKey=a%2Fb%20c&epoch=8"
        #expect(seen.hasPrefix("POST \(target) HTTP/1.1\r\n"))
        let body = #"{"decision":"open"}"#
        #expect(seen.hasSuffix("\r\n\r\n\(body)"))
        let key = try #require(HMACKey(Secret(Self.secret)))
        let signature = StoreCallSignature.sign(
            method: "POST", target: target, time: 1_000, body: Array(body.utf8), key: key)
        #expect(seen.contains("X-Residency-Time: 1000\r\n"))
        #expect(seen.contains("X-Residency-Signature: \(signature)\r\n"))
        #expect(!seen.contains(Self.secret))
        try await server.stop()
    }

    @Test("a signature counts for one call and five minutes")
    func signature() throws {
        let key = try #require(HMACKey(Secret(Self.secret)))
        let body = Array("body".utf8)
        let signature = StoreCallSignature.sign(method: "POST", target: "/a?b", time: 1_000, body: body, key: key)
        func isValid(
            _ method: String = "POST", _ target: String = "/a?b", _ time: Int64 = 1_000, _ body: String = "body",
            now: Int64 = 1_000
        ) -> Bool {
            StoreCallSignature.isValid(
                signature, method: method, target: target, time: time, body: Array(body.utf8), key: key, now: now)
        }
        #expect(isValid())
        #expect(isValid(now: 1_300) && isValid(now: 700))
        #expect(!isValid(now: 1_301) && !isValid(now: 699))
        #expect(!isValid("GET") && !isValid("POST", "/a?c") && !isValid("POST", "/a?b", 1_001))
        #expect(!isValid("POST", "/a?b", 1_000, "bodY"))
    }

    @Test("sends a bearer token where that is what the app takes")
    func bearer() async throws {
        let server = try await ScriptedServer { _ in .http(204, "") }
        try await Self.withStores([server.url], credential: .bearer(Secret("token-1"))) { source, _ in
            try await source.confirm(try Self.ticket(), cursor: "1")
        }
        let seen = try #require(server.requests.first)
        #expect(seen.contains("Authorization: Bearer token-1\r\n"))
        try await server.stop()
    }

    @Test("makes no call with an empty secret, nor without a URL for the region")
    func unconfigured() async throws {
        let server = try await ScriptedServer { _ in .http(204, "") }
        try await Self.withStores([server.url], credential: .signature(Secret(""))) { source, _ in
            #expect(await Self.code { try await source.confirm(try Self.ticket(), cursor: "1") } == .blocked)
        }
        try await Self.withStores([]) { source, _ in
            #expect(await Self.code { try await source.confirm(try Self.ticket(), cursor: "1") } == .blocked)
        }
        #expect(server.requests.isEmpty)
        try await server.stop()
    }

    @Test("turns to the next instance when one cannot be reached, and to none when one has answered")
    func instances() async throws {
        let first = try await ScriptedServer { _ in .http(204, "") }
        let second = try await ScriptedServer { _ in .http(204, "") }
        let closed = first.url
        try await first.stop()
        try await Self.withStores([closed, second.url]) { source, _ in
            try await source.confirm(try Self.ticket(), cursor: "1")
        }
        #expect(second.requests.count == 1)
        let failing = try await ScriptedServer { _ in .http(500, "") }
        try await Self.withStores([failing.url, second.url]) { source, _ in
            #expect(await Self.code { try await source.confirm(try Self.ticket(), cursor: "1") } == .unavailable)
        }
        #expect(second.requests.count == 1)
        try await second.stop()
        try await failing.stop()
    }

    // MARK: What comes back

    @Test(
        "tells what an app's refusal means",
        arguments: [
            (401, "", MigrationError.Code.blocked), (403, "", .blocked), (404, "", .blocked), (405, "", .blocked),
            (501, "", .blocked), (408, "", .unavailable), (429, "", .unavailable), (500, "", .unavailable),
            (503, "", .unavailable), (302, "", .badAnswer), (418, "", .badAnswer), (409, "", .badAnswer),
            (409, #"{"code":"made-up"}"#, .badAnswer), (409, #"{"code":"overtaken"}"#, .overtaken),
            (409, #"{"code":"blocked","message":"m"}"#, .blocked), (409, #"{"code":"differs"}"#, .differs),
            (409, #"{"code":"schema-changed"}"#, .schemaChanged), (423, #"{"code":"in-the-way"}"#, .inTheWay),
            (409, #"{"code":"restart"}"#, .mustRestart),
        ])
    func refusals(status: Int, body: String, code: MigrationError.Code) async throws {
        let server = try await ScriptedServer { _ in .http(status, body) }
        try await Self.withStores([server.url]) { source, _ in
            #expect(await Self.code { try await source.confirm(try Self.ticket(), cursor: "1") } == code)
        }
        try await server.stop()
    }

    @Test("says whose answer it was, with what the app says, cut short and without control bytes, and no query")
    func messages() async throws {
        let long = String(repeating: "x", count: 900)
        let server = try await ScriptedServer { _ in
            .http(409, #"{"code":"blocked","message":"no\u001b[31m room\#(long)"}"#)
        }
        try await Self.withStores([server.url]) { source, _ in
            let error = await #expect(throws: MigrationError.self) {
                _ = try await source.purge(try Self.ticket(), limit: 1)
            }
            let message = try #require(error?.message)
            #expect(message.hasPrefix("store notes in EU, purge: no[31m room"))
            #expect(message.utf8.count < 400)
            #expect(!message.contains("clientKey"))
        }
        try await server.stop()
    }

    @Test("believes an app nothing that the contract does not allow", arguments: HTTPStoreLie.all)
    func lies(_ lie: HTTPStoreLie) async throws {
        let server = try await ScriptedServer { _ in lie.answer }
        try await Self.withStores([server.url]) { source, target in
            let ticket = try Self.ticket()
            #expect(await Self.code { try await lie.act(source, target, ticket) } == lie.code)
        }
        try await server.stop()
    }

    @Test("warns in the survey of an app that cannot promise a fence")
    func noFence() async throws {
        let server = try await ScriptedServer { _ in
            .http(200, #"{"storeId":"s","schema":"s","fence":false,"collections":[]}"#)
        }
        try await Self.withStores([server.url]) { source, _ in
            let survey = try await source.survey(try Self.ticket(), mode: .live)
            #expect(!survey.hasFence)
            #expect(survey.warnings.map(\.code) == ["no-fence"])
        }
        try await server.stop()
    }

    @Test("compares all in the first round, and then what has changed between what was sent and what is sent")
    func rounds() async throws {
        let server = try await ScriptedServer { request in
            if request.hasPrefix("GET /collections") {
                return .http(200, #"{"collections":[{"name":"notes","rows":1,"bytes":1}]}"#)
            }
            if request.hasPrefix("GET /changed") { return .http(200, #"{"parts":{"notes":[7,3,7]}}"#) }
            return HTTPStoreLie.rows("abc", after: request.contains("after=1&") ? "2" : "1")
        }
        try await Self.withStores([server.url]) { source, _ in
            let ticket = try Self.ticket()
            _ = try await source.changes(ticket, after: "", marker: nil, wait: .zero)
            #expect(try await source.changedKeys(ticket) == [StoreDigest.Request(table: "notes")])
            #expect(try await source.changedKeys(ticket).isEmpty)
            _ = try await source.changes(ticket, after: "1", marker: nil, wait: .zero)
            let changed = StoreDigest.Request(table: "notes", keys: ["\u{1}3", "\u{1}7"])
            #expect(try await source.changedKeys(ticket) == [changed])
        }
        let asked = try #require(server.requests.first { $0.hasPrefix("GET /changed") })
        #expect(asked.contains("&since=1&until=2 "))
        try await server.stop()
    }
}
