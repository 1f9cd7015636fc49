import Logging
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

@testable import TenantDirectory

@Suite("The reader of the change feed", .timeLimit(.minutes(5)))
struct FeedReaderTests {
    let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    @Test("reads at its interval, more rarely while the store is away, and ends with its task")
    func pacing() async throws {
        let folder = try ScratchFolder()
        let store = try SQLiteStore(path: folder.file("d.sqlite"), sealer: .test())
        let directory = Directory(store: store, logger: logger)
        let clock = StepClock()
        let reader = FeedReader(
            directory, interval: .milliseconds(500), longestInterval: .seconds(3), clock: clock, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await reader.run() }
            func step(_ expected: Duration, isReachable: Bool) async {
                let pause = await clock.nextSleep()
                #expect(pause?.duration == expected)
                #expect(reader.isReachable == isReachable)
                pause?.continuation.resume()
            }
            let first = await clock.nextSleep()
            #expect(first?.duration == .milliseconds(500))
            var changes = directory.changes().makeAsyncIterator()
            let install = try forgeInstall()
            let tenant = try await store.recordForgeInstallation(install, actor: "host")
            first?.continuation.resume()
            guard case .changed(let told) = await changes.next() else {
                Issue.record("the change was not told")
                return
            }
            #expect(told == tenant)
            let pause = await clock.nextSleep()
            store.close()
            pause?.continuation.resume()
            await step(.seconds(1), isReachable: false)
            await step(.seconds(2), isReachable: false)
            await step(.seconds(3), isReachable: false)
            let last = await clock.nextSleep()
            #expect(last?.duration == .seconds(3))
            group.cancelAll()
            last?.continuation.resume()
            try await group.waitForAll()
        }
    }

    @Test("reads every 20 ms while a cutover is at hand, at once from when it hears of it")
    func hurry() async throws {
        let folder = try ScratchFolder()
        let store = try SQLiteStore(path: folder.file("d.sqlite"), sealer: .test())
        defer { store.close() }
        let clock = StepClock()
        let reader = FeedReader(
            Directory(store: store, logger: logger), interval: .milliseconds(500), clock: clock, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await reader.run() }
            let first = await clock.nextSleep()
            #expect(first?.duration == .milliseconds(500))
            reader.hurry(for: .seconds(5))
            reader.hurry(for: .seconds(1))
            first?.continuation.resume()
            let second = await clock.nextSleep()
            #expect(second?.duration == .milliseconds(20))
            group.cancelAll()
            second?.continuation.resume()
            try await group.waitForAll()
        }
    }

    private func forgeInstall() throws -> ForgeInstall {
        let region = try #require(Region("EU"))
        return ForgeInstall(
            alias: TenantAlias(.forge, app: "app", name: "i"), cloudID: nil, hostBaseURL: nil, product: nil,
            region: region, hostRealm: region)
    }
}
