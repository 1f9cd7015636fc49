import TenantDirectory
import TestSupport
import Testing

@testable import RealmMigration

@Suite("The outbound client")
struct OutboundClientTests {
    private static let loopback = [AddressRange("127.0.0.1")].compactMap { $0 }

    private func fetch(
        _ request: OutboundRequest, allow: [AddressRange] = Self.loopback
    ) async throws -> OutboundResponse {
        try await withOutboundClient(OutboundConfiguration(allow: allow)) { try await $0.fetch(request) }
    }

    /// The code a call fails with; `nil` when it does not fail.
    private func code(_ request: OutboundRequest, allow: [AddressRange] = Self.loopback) async -> OutboundError.Code? {
        do {
            return try await withOutboundClient(OutboundConfiguration(allow: allow)) { await code(request, of: $0) }
        } catch {
            return nil
        }
    }

    private func code(_ request: OutboundRequest, of client: OutboundClient) async -> OutboundError.Code? {
        do {
            _ = try await client.fetch(request)
            return nil
        } catch {
            return error.code
        }
    }

    @Test("brings status, fields and body, and sends method, fields and body as they were given")
    func roundTrip() async throws {
        let server = try await ScriptedServer { _ in .http(201, "made", fields: ["X-Made: here "]) }
        let answer = try await fetch(
            OutboundRequest(
                url: "\(server.url)/things?a=b", method: "POST", headers: [("X-One", "1"), ("Content-Type", "a/b")],
                body: Array("hello".utf8)))
        #expect(answer.status == 201)
        #expect(answer.text == "made")
        #expect(answer.header("x-made") == "here")
        let seen = try #require(server.requests.first)
        #expect(seen.hasPrefix("POST /things?a=b HTTP/1.1\r\n"))
        #expect(seen.contains("X-One: 1\r\n"))
        #expect(seen.contains("Content-Type: a/b\r\n"))
        #expect(!seen.lowercased().contains("expect:"))
        #expect(seen.hasSuffix("\r\n\r\nhello"))
        try await server.stop()
    }

    @Test("brings an answer of any status", arguments: [200, 204, 404, 500])
    func statuses(status: Int) async throws {
        let server = try await ScriptedServer { _ in .http(status, "") }
        #expect(try await fetch(OutboundRequest(url: server.url)).status == status)
        try await server.stop()
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let name: String
        let answer: ScriptedServer.Answer
        let code: OutboundError.Code
        var testDescription: String { name }
    }

    @Test(
        "says what was wrong with an answer",
        arguments: [
            Fault(name: "redirect", answer: .http(302, "", fields: ["Location: /other"]), code: .redirected),
            Fault(name: "closed without a byte", answer: .close, code: .brokenAnswer),
            Fault(
                name: "cut in the body", answer: .bytesThenClose("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"),
                code: .brokenAnswer),
            Fault(
                name: "too long, announced", answer: .http(200, String(repeating: "x", count: 101)), code: .oversized),
            Fault(
                name: "too long, not announced",
                answer: .bytesThenClose("HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: 101)),
                code: .oversized),
            Fault(
                name: "endless fields",
                answer: .bytes(
                    "HTTP/1.1 200 OK\r\n"
                        + String(repeating: "X-A: \(String(repeating: "y", count: 90))\r\n", count: 900)),
                code: .oversized),
            Fault(name: "no answer in time", answer: .silence, code: .timeout),
        ])
    func faults(fault: Fault) async throws {
        let server = try await ScriptedServer { _ in fault.answer }
        let timeout = fault.code == .timeout ? Duration.milliseconds(50) : .seconds(10)
        let seen = await code(OutboundRequest(url: "\(server.url)/a", maxBytes: 100, timeout: timeout))
        #expect(seen == fault.code)
        // No redirect was followed, nothing was tried twice; a time that is over may be so before the server has read.
        #expect(server.requests.count <= 1 && (server.requests.count == 1 || fault.code == .timeout))
        try await server.stop()
    }

    @Test("refuses a private address before a connection is made, by number and by name")
    func privateAddress() async throws {
        let server = try await ScriptedServer { _ in .http(200, "secret") }
        for host in ["127.0.0.1", "localhost"] {
            let seen = await code(OutboundRequest(url: "http://\(host):\(server.port)/"), allow: [])
            #expect(seen == .refusedAddress)
        }
        #expect(server.requests.isEmpty)
        try await server.stop()
    }

    @Test("says that a port is closed, and that a name does not exist")
    func unreachable() async throws {
        // Held by nobody who listens, and given to nobody else meanwhile.
        let closed = try ReservedPort()
        #expect(await code(OutboundRequest(url: "http://127.0.0.1:\(closed.port)/")) == .unreachable)
        let nowhere = OutboundRequest(url: "http://nowhere.invalid/")
        #expect(await code(nowhere) == .unresolved)
    }

    @Test(
        "refuses other schemes and bytes that would change the request",
        arguments: [
            "file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "http://a b/", "http://a/\r\nX: y", "",
        ])
    func badURLs(url: String) async {
        #expect(await code(OutboundRequest(url: url)) == .badURL)
    }

    @Test("refuses methods and fields that would change the request")
    func badFields() async {
        let split = OutboundRequest(url: "http://127.0.0.1/", headers: [("X-A", "b\r\nX-C: d")])
        #expect(await code(split) == .badRequest)
        let method = OutboundRequest(url: "http://127.0.0.1/", method: "GET /x HTTP/1.1\r\n")
        #expect(await code(method) == .badRequest)
    }

    @Test("gives up the call of a cancelled task, and stays of use")
    func cancellation() async throws {
        let (arrived, arrival) = AsyncStream<Void>.makeStream()
        let server = try await ScriptedServer { request in
            guard request.hasPrefix("GET /slow") else { return .http(200, "fine") }
            arrival.yield()
            return .silence
        }
        try await withOutboundClient(OutboundConfiguration(allow: Self.loopback)) { client in
            let seen = await withTaskGroup(of: OutboundError.Code?.self) { group in
                group.addTask {
                    await code(OutboundRequest(url: "\(server.url)/slow", timeout: .seconds(600)), of: client)
                }
                for await _ in arrived { break }
                group.cancelAll()
                return await group.next() ?? nil
            }
            #expect(seen == .cancelled)
            let answer = try await client.fetch(OutboundRequest(url: "\(server.url)/fast"))
            #expect(answer.text == "fine")
        }
        try await server.stop()
    }

    @Test("says busy past its number of calls under way, and fails what is under way when it is stopped")
    func bounds() async throws {
        let (arrived, arrival) = AsyncStream<Void>.makeStream()
        let server = try await ScriptedServer { _ in
            arrival.yield()
            return .silence
        }
        let slow = OutboundRequest(url: server.url, timeout: .seconds(600))
        let client = OutboundClient(OutboundConfiguration(allow: Self.loopback, maxInFlight: 1))
        let seen = await withTaskGroup(of: OutboundError.Code?.self) { group in
            group.addTask { await code(slow, of: client) }
            await withTaskGroup(of: Void.self) { runner in
                runner.addTask { try? await client.run() }
                for await _ in arrived { break }
                #expect(await code(slow, of: client) == .busy)
                runner.cancelAll()
            }
            return await group.next() ?? nil
        }
        #expect(seen == .stopped)
        #expect(await code(slow, of: client) == .stopped)
        try await server.stop()
    }
}
