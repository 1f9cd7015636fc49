import Foundation
import TenantDirectory
import TestSupport
import Testing

@Suite("A process that is killed while it writes", .timeLimit(.minutes(3)))
struct KilledProcessTests {
    @Test("leaves every record that it acknowledged, whole, in a file that opens")
    func file() async throws {
        let folder = try ScratchFolder()
        let path = folder.file("d.sqlite")
        try await killed(path, rounds: 15) { try SQLiteStore(path: path, sealer: .test()) }
    }

    @Test("leaves every record that it acknowledged, whole, in a database")
    func database() async throws {
        let url = try await PostgresCluster.shared().newSchema()
        try await killed(url, rounds: 8) { try PostgresStore(.patient(url), sealer: .test()) }
    }

    private func killed(_ path: String, rounds: Int, open: () throws -> any DirectoryDatabase) async throws {
        var lines: [String] = []
        for round in 0..<rounds {
            let acknowledged = try await runAndKill(path, round: round, after: .random(in: 1...60))
            #expect(!acknowledged.isEmpty)
            lines += acknowledged
        }
        let store = try open()
        try await store.verify()
        var expected: [String: Tenant.State] = [:]
        for line in lines { try await check(line, store, &expected) }
        for (name, state) in expected {
            let tenant = try #require(try await store.tenant(.alias(TenantAlias(.connect, app: "app", name: name))))
            // The write after the last acknowledged one may have been done, and not been told.
            let later: Tenant.State = state == .pending ? .installed : .uninstalled
            #expect(tenant.state == state || tenant.state == later, "\(name) is \(tenant.state)")
        }
        let total = try await store.counts().total
        let numbers = try await store.changes(after: 0, limit: total + 1).map(\.sequence)
        #expect(numbers.count == total)
        #expect(Set(numbers).count == total)
        #expect(numbers.last == (try await store.lastSequence()))
        store.close()
    }

    private func check(_ line: String, _ store: any DirectoryDatabase, _ expected: inout [String: Tenant.State])
        async throws
    {
        let words = line.split(separator: " ").map(String.init)
        try #require(words.count >= 2)
        switch words[0] {
        case "pending": expected[words[1]] = .pending
        case "installed":
            expected[words[1]] = .installed
            let alias = TenantAlias(.connect, app: "app", name: words[1])
            #expect(try await store.tenant(.alias(alias))?.secret == Secret(words[2]))
        case "uninstalled": expected[words[1]] = .uninstalled
        case "imported":
            for index in 0..<100 {
                let alias = TenantAlias(.connect, app: "app", name: "\(words[1])-\(index)")
                #expect(try await store.tenant(.alias(alias)) != nil)
            }
        default: Issue.record("an unexpected line: \(line)")
        }
    }

    /// Starts the writer and kills it once it has acknowledged so many writes, at whatever it does just then.
    /// - Returns: all it acknowledged.
    private func runAndKill(_ path: String, round: Int, after count: Int) async throws -> [String] {
        let process = try ChildProcess([path, "\(round)"], of: try writer())
        for _ in 0..<count { guard await process.line() != nil else { break } }
        process.killAtOnce()
        let ending = await process.ending()
        #expect(ending.status == -SIGKILL)
        // A line without its end was not acknowledged.
        return ending.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }

    /// The helper lies beside the tests.
    private func writer() throws -> URL {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let folder = URL(fileURLWithPath: tests).deletingLastPathComponent()
        return folder.appendingPathComponent("StoreWriter")
    }
}
