import Foundation
import TenantDirectory

/// Holds a tenant beside a running gateway until a line comes on standard input, then has it serve in another region: a
/// cutover without data, in the directory alone, which nodes hear of by the change feed. Prints a line of JSON when the
/// barrier has passed, and one when the tenant serves again.
///
/// Usage: `HoldDriver SQLITE-FILE KEY-FILE APP-KEY CLIENT-KEY TARGET`
@main
struct HoldDriver {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 6, let target = Region(arguments[5]) else { exit(64) }
        let ring = try KeyRing(
            base64: String(contentsOfFile: arguments[2], encoding: .utf8), origin: "The key in \(arguments[2])",
            name: arguments[2])
        let store = try SQLiteStore(path: arguments[1], sealer: SecretSealer(ring))
        defer { store.close() }
        let alias = TenantAlias(.connect, app: arguments[3], name: arguments[4])
        guard let tenant = try await store.tenant(.alias(alias)) else { exit(1) }
        let hold = try await store.hold(
            tenant.id, for: "demonstration", at: tenant.placement.region, above: 0, actor: "test")
        while try await !store.passBarrier(hold, acknowledged: [], passedOver: []).isEmpty {}
        say("held")
        _ = readLine()
        _ = try await store.release(hold, to: target, actor: "test")
        say("released")
    }

    private static func say(_ event: String) {
        FileHandle.standardOutput.write(Data("{\"event\":\"\(event)\"}\n".utf8))
    }
}
