import Logging
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

@testable import TenantDirectory

@Suite("The reader of the change feed", .timeLimit(.minutes(1)))
struct FeedReaderTests {
    let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    /// A clock whose sleeps end when the test says so, and that tells how long each was to be.
    final class StepClock: Clock, Sendable {
        typealias Instant = ContinuousClock.Instant
        typealias Sleep = (duration: Duration, continuation: CheckedContinuation<Void, Never>)

        private let continuation: AsyncStream<Sleep>.Continuation
        private let sleeps: AsyncStream<Sleep>
        private let start = ContinuousClock.now

        init() { (sleeps, continuation) = AsyncStream.makeStream() }

        var now: Instant { start }
        var minimumResolution: Duration { .zero }

        /// The next sleep that begins.
        func nextSleep() async -> Sleep? {
            var iterator = sleeps.makeAsyncIterator()
            return await iterator.next()
        }

        func sleep(until deadline: Instant, tolerance: Duration?) async throws {
            await withCheckedContinuation { _ = continuation.yield((deadline - start, $0)) }
        }
    }

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
                let sleep = await clock.nextSleep()
                #expect(sleep?.duration == expected)
                #expect(reader.isReachable == isReachable)
                sleep?.continuation.resume()
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
            let sleep = await clock.nextSleep()
            store.close()
            sleep?.continuation.resume()
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

    private func forgeInstall() throws -> ForgeInstall {
        let region = try #require(Region("EU"))
        return ForgeInstall(
            alias: TenantAlias(.forge, app: "app", name: "i"), cloudID: nil, hostBaseURL: nil, product: nil,
            region: region, hostRealm: region)
    }
}
