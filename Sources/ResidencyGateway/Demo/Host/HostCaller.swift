import RealmMigration
import TenantDirectory

/// Sends the simulator's calls, and reads the app's descriptor through the gateway.
struct HostCaller: Sendable {
    let client: OutboundClient

    /// A simulator runs where its user says: every address may be called.
    static let outbound = OutboundConfiguration(allow: ["0.0.0.0/0", "::/0"].compactMap { AddressRange($0) })

    func send(_ call: HostCallMade, timeout: Duration = .seconds(30)) async throws -> HostAnswerSeen {
        let clock = ContinuousClock()
        let start = clock.now
        let response = try await client.fetch(call.outbound(timeout: timeout))
        return HostAnswerSeen(call: call, response: response, elapsed: clock.now - start)
    }

    /// The descriptor that a gateway serves.
    func app(at gateway: String, descriptorPath: String) async throws -> ServedApp {
        let base = gateway.hasSuffix("/") ? String(gateway.dropLast()) : gateway
        let call = HostCallMade(
            title: "descriptor", method: "GET", url: base + descriptorPath, headers: [], body: [])
        let seen = try await send(call)
        guard seen.status == 200, let json = seen.json, let app = ServedApp(json) else {
            throw HostError("\(call.url) answered \(seen.status) and no Connect descriptor")
        }
        return app
    }
}
