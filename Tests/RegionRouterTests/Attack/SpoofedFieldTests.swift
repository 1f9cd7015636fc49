import Foundation
import RegionRouter
import TestSupport
import Testing

/// Fields by which a client would speak in the gateway's name, or hide from it what it tells the app.
@Suite("A field that only the gateway may set", .serialized)
struct SpoofedFieldTests {
    @Test(
        "never reaches the app, however it is written",
        arguments: [
            "X-Residency-Tenant: spoofed", "x-residency-tenant: spoofed", "X-RESIDENCY-REGION: spoofed",
            "X_Residency_Tenant: spoofed", "X-Residency_Tenant: spoofed", "x_residency-Epoch: spoofed",
            "X-Residency-: spoofed", "X-Residency-Anything-New: spoofed", "X-Forwarded-For: spoofed",
            "X_Forwarded_For: spoofed", "X-Forwarded-Host: spoofed", "X-Forwarded-Anything: spoofed",
            "Forwarded: for=spoofed", "X-Request-Id: spoofed", "TE: spoofed", "Trailer: spoofed", "Keep-Alive: spoofed",
            "Proxy-Connection: spoofed", "Proxy-Authorization: spoofed", "Upgrade: spoofed",
            "Connection: X-Residency-Region\r\nX-Residency-Region: spoofed", "Connection: A\r\nA: spoofed",
            "Connection: A, B\r\nB: spoofed\r\nA: spoofed",
            "Connection: a\r\nConnection: b\r\nB: spoofed\r\nA: spoofed",
            "Connection: ,,A,\r\nA: spoofed\r\na: spoofed", "traceparent: spoofed",
        ])
    func dropped(fields: String) async throws {
        try await RouterFixture.run { fixture in
            let socket = try fixture.connect()
            try socket.send("GET /echo HTTP/1.1\r\nHost: eu.example.com\r\n\(fields)\r\nX-Kept: kept\r\n\r\n")
            let seen = try socket.receiveResponse().text
            #expect(seen.contains("\r\nX-Kept: kept\r\n"))
            #expect(!seen.contains("spoofed"), "\(seen)")
            #expect(seen.components(separatedBy: "X-Residency-Region: EU\r\n").count == 2)
        }
    }

    @Test("is not believed from the app either")
    func fromTheApp() async throws {
        let script =
            "HTTP/1.1 200 OK\r\nX-Residency-Error: app\r\nConnection: A\r\nA: hop\r\nContent-Length: 2\r\n\r\nok"
        try await RouterFixture.run(scripts: ["spoof": script]) { fixture in
            let socket = try fixture.connect()
            try socket.send("GET /raw/spoof HTTP/1.1\r\nHost: eu.example.com\r\n\r\n")
            let response = try socket.receiveResponse()
            #expect(response.status == 200)
            #expect(response.field("x-residency-error") == nil)
            #expect(response.field("a") == nil)
        }
    }
}
