import TenantDirectory
import Testing

@testable import RealmMigration

/// What the host hears, step by step, by what the journal says. The same steps go over real sockets elsewhere.
@Suite("The decision of a residency hook")
struct HookDecisionTests {
    private static let (eu, us, de) = (Region("EU"), Region("US"), Region("DE"))

    private func region(_ code: String) throws -> Region { try #require(Region(code)) }

    private func record(
        _ phase: MigrationPhase, name: String? = "7", to target: String = "US", wishes: Set<MigrationWish> = [],
        isReturn: Bool = false, kind: MigrationRecord.Kind = .move
    ) throws -> MigrationRecord {
        var record = MigrationRecord(
            id: "m-\(name ?? "none")", tenant: TenantID(high: 1, low: 2), source: try region("EU"),
            target: try region(target), kind: kind, mode: .auto,
            trigger: name.map { .host(id: $0, windowEnd: 5_000) } ?? .administrator, commit: .manual, startAt: 5_000,
            batch: nil, createdAt: 0, lease: MigrationLease(holder: nil, generation: 0, counter: 0), phase: phase,
            updatedAt: 0)
        record.wishes = wishes
        record.isReturn = isReturn
        return record
    }

    private func decision(
        _ records: [MigrationRecord], name: String? = "7", in here: String = "EU", hostRealm: String? = nil,
        now: Int64 = 1_000
    ) throws -> HookDecision {
        HookDecision(
            HookDecision.Ground(
                migrations: records, region: try region(here), hostRealm: hostRealm.flatMap { Region($0) },
                regions: Set([Self.eu, Self.us, Self.de].compactMap { $0 }), now: now), name: name)
    }

    private func window(_ location: String = "US", start: Int64 = 1_500, end: Int64 = 5_000) -> HookWindow {
        HookWindow(start: start, end: end, location: Region(location))
    }

    // MARK: schedule

    @Test("a schedule enters a migration that ends with its window; repeated, it changes nothing")
    func schedule() throws {
        let us = try region("US")
        #expect(try decision([]).schedule(window()) == .create(target: us, name: "7", windowEnd: 5_000))
        #expect(try decision([try record(.scheduled)]).schedule(window()) == .succeed)
        #expect(try decision([try record(.copying)]).schedule(window()) == .succeed)
    }

    @Test("a schedule without a name is known by its window")
    func unnamed() throws {
        let name = window().name
        #expect(
            try decision([], name: nil).schedule(window())
                == .create(target: try region("US"), name: name, windowEnd: 5_000))
        #expect(try decision([try record(.scheduled, name: name)], name: nil).schedule(window()) == .succeed)
    }

    @Test("a schedule that cannot be is refused in the host's words")
    func refusedSchedule() throws {
        #expect(try decision([]).schedule(window("JP")) == .refuse(.regionUnsupported))
        #expect(try decision([]).schedule(window("somewhere")) == .refuse(.regionUnsupported))
        #expect(try decision([], now: 6_000).schedule(window()) == .refuse(.other))
        #expect(try decision([]).schedule(window(start: 5_000, end: 4_000)) == .refuse(.other))
        #expect(try decision([try record(.copying, name: nil)]).schedule(window()) == .refuse(.tooMany))
        #expect(try decision([try record(.copying, name: "6")]).schedule(window()) == .refuse(.tooMany))
        #expect(try decision([try record(.committed, name: "6")], in: "US").schedule(window("DE")) == .refuse(.tooMany))
    }

    @Test("a schedule takes the place of one that has not begun, and of one that is over")
    func rescheduled() throws {
        #expect(
            try decision([try record(.scheduled, name: "6")]).schedule(window()) == .wish(.cancel, id: "m-6"))
        let created = HookDecision.Action.create(target: try region("US"), name: "7", windowEnd: 5_000)
        #expect(try decision([try record(.rolledBack, name: "6")]).schedule(window()) == created)
        #expect(try decision([try record(.rolledBack)]).schedule(window()) == created)
    }

    @Test("where the data is there already, every step succeeds and nothing is moved")
    func alreadyThere() throws {
        #expect(try decision([], in: "US", hostRealm: "EU").schedule(window()) == .succeed)
        let there = try decision([], in: "US", hostRealm: "EU")
        #expect(there.start() == .succeed)
        #expect(there.status() == .report(.readyToCommit))
        #expect(there.commit() == .succeed)
        #expect(there.rollback() == .succeed)
    }

    // MARK: The other steps, by phase

    @Test(
        "start begins what was scheduled, and nothing else",
        arguments: MigrationPhase.allCases)
    func start(_ phase: MigrationPhase) throws {
        let action = try decision([try record(phase)]).start()
        switch phase {
        case .scheduled: #expect(action == .wish(.begin, id: "m-7"))
        case .rollingBack, .rolledBack, .returning, .returned: #expect(action == .refuse(.notScheduled))
        default: #expect(action == .succeed)
        }
    }

    @Test(
        "status says ready-to-commit when it could be switched now, and takes it back",
        arguments: MigrationPhase.allCases)
    func status(_ phase: MigrationPhase) throws {
        let action = try decision([try record(phase)]).status()
        switch phase {
        case .scheduled: #expect(action == .report(.notStarted))
        case .preparing, .copying, .catchingUp, .cuttingOver: #expect(action == .report(.inProgress))
        case .ready, .committed, .purging, .done: #expect(action == .report(.readyToCommit))
        case .rollingBack, .rolledBack, .returning, .returned: #expect(action == .report(.failed(.other)))
        }
    }

    @Test("commit joins the cutover and succeeds after the switch alone", arguments: MigrationPhase.allCases)
    func commit(_ phase: MigrationPhase) throws {
        let action = try decision([try record(phase)]).commit()
        switch phase {
        case .scheduled: #expect(action == .refuse(.notScheduled))
        case .preparing, .copying, .catchingUp, .ready, .cuttingOver:
            #expect(action == .commit(id: "m-7", isNoted: false))
            #expect(
                try decision([try record(phase, wishes: [.commit])]).commit() == .commit(id: "m-7", isNoted: true))
        case .committed: #expect(action == .confirm(id: "m-7", isNoted: false))
        case .purging, .done: #expect(action == .succeed)
        case .rollingBack, .rolledBack, .returning, .returned: #expect(action == .refuse(.other))
        }
    }

    @Test(
        "rollback is a cancel before the switch and a return after it, and always succeeds",
        arguments: MigrationPhase.allCases)
    func rollback(_ phase: MigrationPhase) throws {
        let action = try decision([try record(phase)]).rollback()
        switch phase {
        case _ where phase.isBeforeSwitch: #expect(action == .wish(.cancel, id: "m-7"))
        case .committed: #expect(action == .wish(.return, id: "m-7"))
        default: #expect(action == .succeed)
        }
    }

    @Test("steps of a migration that is not known are refused, and a rollback of one succeeds")
    func unknown() throws {
        for records in [[], [try record(.ready, name: "6")], [try record(.ready, name: nil)]] {
            let decision = try decision(records)
            #expect(decision.start() == .refuse(.notScheduled))
            #expect(decision.status() == .report(.failed(.notScheduled)))
            #expect(decision.commit() == .refuse(.notScheduled))
            #expect(decision.rollback() == .succeed)
        }
    }

    @Test("a step without a name means the host's newest migration, and no administrator's and no plan")
    func nameless() throws {
        let records = [
            try record(.ready, name: nil), try record(.ready, name: "9", kind: .plan),
            try record(.scheduled, name: "8"),
            try record(.rolledBack, name: "7"),
        ]
        #expect(try decision(records, name: nil).start() == .wish(.begin, id: "m-8"))
    }

    @Test("after a cancel or a return was asked for, nothing is committed")
    func afterRollback() throws {
        #expect(try decision([try record(.ready, wishes: [.cancel])]).commit() == .refuse(.other))
        #expect(try decision([try record(.ready, wishes: [.cancel])]).status() == .report(.failed(.other)))
        #expect(try decision([try record(.committed, wishes: [.return])]).commit() == .refuse(.other))
        #expect(try decision([try record(.committed, wishes: [.return])]).status() == .report(.failed(.other)))
        #expect(try decision([try record(.ready, isReturn: true)]).commit() == .refuse(.other))
    }

    @Test("a late rollback without a name is obeyed only until the host has heard of the switch")
    func lateRollback() throws {
        let told = try record(.committed, wishes: [.keep])
        #expect(try decision([told], name: nil).rollback() == .succeed)
        #expect(try decision([told], name: "7").rollback() == .wish(.return, id: "m-7"))
        #expect(try decision([try record(.committed)], name: nil).rollback() == .wish(.return, id: "m-7"))
        #expect(try decision([try record(.committed)], name: nil, hostRealm: "US").rollback() == .succeed)
        #expect(try decision([told], name: "6").rollback() == .succeed)
    }
}
