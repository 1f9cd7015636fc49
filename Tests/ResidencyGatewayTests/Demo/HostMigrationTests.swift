import Testing

@testable import ResidencyGateway

@Suite("A migration as the host drives it")
struct HostMigrationTests {
    private typealias Answer = HostMigration.Answer

    private static let good = Answer(status: 200)
    private static let busy = Answer(status: 200, word: "in-progress")
    private static let ready = Answer(status: 200, word: "ready-to-commit")

    /// After `start`, where the status is asked.
    private static func started(rollsBack: Bool = false) -> HostMigration {
        var migration = HostMigration(rollsBack: rollsBack)
        #expect(migration.take(good, to: .schedule, isOver: false) == .call(.start))
        #expect(migration.take(good, to: .start, isOver: false) == .call(.status))
        return migration
    }

    @Test("asks for the status every five minutes until it is ready, once more when the site is back, and commits")
    func commits() {
        var migration = Self.started()
        for _ in 0..<3 {
            #expect(migration.take(Self.busy, to: .status, isOver: false) == .wait(.seconds(300), then: .status))
        }
        #expect(migration.take(Self.ready, to: .status, isOver: false) == .call(.status))
        #expect(migration.take(Self.ready, to: .status, isOver: false) == .call(.commit))
        #expect(migration.take(Self.good, to: .commit, isOver: false) == .ended(.committed))
    }

    @Test("tries a step twice more, five seconds apart, where there is no code", arguments: [0, 500, 503])
    func retries(status: Int) {
        var migration = Self.started()
        _ = migration.take(Self.ready, to: .status, isOver: true)
        let failed = Answer(status: status)
        for _ in 0..<2 {
            #expect(migration.take(failed, to: .commit, isOver: true) == .wait(.seconds(5), then: .commit))
        }
        #expect(migration.take(failed, to: .commit, isOver: true) == .call(.rollback))
    }

    @Test("rolls back at once for a code", arguments: [HostMigration.Step.schedule, .start, .commit])
    func codes(_ step: HostMigration.Step) {
        var migration = HostMigration()
        #expect(migration.take(Answer(status: 409, code: "E0004"), to: step, isOver: false) == .call(.rollback))
        #expect(
            migration.take(Self.good, to: .rollback, isOver: false)
                == .ended(.rolledBack(why: "\(step.rawValue) was answered with E0004")))
    }

    @Test("rolls back when the window ends, when the app failed, and when ready-to-commit is taken back")
    func rollsBack() {
        var late = Self.started()
        #expect(late.take(Self.busy, to: .status, isOver: true) == .call(.rollback))
        var failed = Self.started()
        #expect(
            failed.take(Answer(status: 200, code: "E9999", word: "failed"), to: .status, isOver: false)
                == .call(.rollback))
        var withdrawn = Self.started()
        #expect(withdrawn.take(Self.ready, to: .status, isOver: false) == .call(.status))
        #expect(withdrawn.take(Self.busy, to: .status, isOver: false) == .call(.rollback))
        var cancelled = Self.started(rollsBack: true)
        #expect(cancelled.take(Self.ready, to: .status, isOver: false) == .call(.rollback))
    }

    @Test("a status that fails is asked again at its time, and no sooner")
    func failingStatus() {
        var migration = Self.started()
        #expect(
            migration.take(Answer(status: 500), to: .status, isOver: false) == .wait(.seconds(300), then: .status))
    }
}
