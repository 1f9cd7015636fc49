import TenantDirectory
import Testing

@testable import RealmMigration

@Suite("The machine of a migration")
struct MigrationMachineTests {
    private func record(
        _ phase: MigrationPhase, kind: MigrationRecord.Kind = .move, commit: MigrationRecord.Commit = .automatic,
        trigger: MigrationRecord.Trigger = .administrator
    ) throws -> MigrationRecord {
        let (eu, us) = (try #require(Region("EU")), try #require(Region("US")))
        return MigrationRecord(
            id: "m", tenant: TenantID(high: 0, low: 1), source: eu, target: us, kind: kind, mode: .auto,
            trigger: trigger, commit: commit, startAt: 0, batch: nil, createdAt: 0,
            lease: MigrationLease(holder: nil, generation: 1, counter: 0), phase: phase, updatedAt: 0)
    }

    private func machine(
        _ phase: MigrationPhase, mode: MoveMode? = .live, kind: MigrationRecord.Kind = .move,
        commit: MigrationRecord.Commit = .automatic, trigger: MigrationRecord.Trigger = .administrator
    ) throws -> MigrationMachine {
        var memo = MigrationMemo()
        memo.mode = mode
        return MigrationMachine(
            try record(phase, kind: kind, commit: commit, trigger: trigger), memo: memo)
    }

    @Test("goes from the first look to the end, live and offline", arguments: [MoveMode.live, .offline])
    func whole(_ mode: MoveMode) throws {
        var machine = try machine(.preparing, mode: nil)
        #expect(machine.next(now: 0) == .prepare)
        machine.take(.prepared(mode), now: 0)
        #expect(machine.next(now: 0) == .copy)
        machine.take(.copied, now: 0)
        if mode == .live {
            #expect(machine.next(now: 0) == .follow)
            machine.take(.followed(isClose: false, inTheWay: []), now: 0)
            #expect(machine.phase == .catchingUp)
            machine.take(.followed(isClose: true, inTheWay: ["4711"]), now: 0)
            #expect(machine.phase == .catchingUp && machine.reason.contains("4711"))
            machine.take(.followed(isClose: true, inTheWay: []), now: 0)
        }
        #expect(machine.next(now: 0) == .cutOver)
        #expect(machine.phase == .cuttingOver)
        machine.take(.switched, now: 0)
        #expect(machine.next(now: 5) == .finish)
        machine.take(.finished, now: 5)
        #expect(machine.next(now: 6) == .leave)
        let end = try #require(machine.purgeAt)
        #expect(machine.next(now: end) == .purge)
        machine.take(.purged, now: end)
        #expect(machine.phase == .done)
    }

    @Test("is settled first by whoever takes over a cutover", arguments: [true, false])
    func settles(_ isSwitched: Bool) throws {
        var machine = try machine(.cuttingOver)
        machine.wishes = [.cancel]
        #expect(machine.next(now: 0) == .settle)
        machine.take(.failed(MigrationError(.unavailable, "away")), now: 0)
        #expect(machine.next(now: 0) == .settle)
        machine.take(.settled(isSwitched: isSwitched), now: 0)
        #expect(machine.phase == (isSwitched ? .committed : .rollingBack))
    }

    @Test("rolls back on a cancel in every phase before the switch", arguments: MigrationPhase.allCases)
    func cancels(_ phase: MigrationPhase) throws {
        guard phase.isBeforeSwitch, phase != .cuttingOver else { return }
        var machine = try machine(phase)
        machine.wishes = [.cancel]
        #expect(machine.next(now: 0) == .cleanUp)
        machine.take(.failed(MigrationError(.unavailable, "away")), now: 0)
        #expect(machine.phase == .rollingBack)
        machine.take(.cleanedUp, now: 0)
        #expect(machine.phase == .rolledBack)
    }

    @Test("takes no cancel after the switch, and returns when that is asked")
    func returns() throws {
        var machine = try machine(.committed)
        machine.take(.finished, now: 0)
        machine.wishes = [.cancel]
        #expect(machine.next(now: 1) == .leave)
        machine.wishes = [.return]
        #expect(machine.next(now: 1) == .purge)
        #expect(machine.phase == .returning)
        machine.take(.purged, now: 1)
        #expect(machine.phase == .preparing && machine.isReturn)
        // The other region's node goes on.
        #expect(machine.next(now: 1) == .leave)
    }

    @Test("tries a cutover that was given up again, after a growing pause, five times")
    func givesUp() throws {
        var machine = try machine(.ready)
        var now: Int64 = 0
        var pauses: [Int64] = []
        for _ in 0..<MigrationRules().cutovers {
            let begin = now
            while machine.next(now: now) != .cutOver {
                machine.take(.followed(isClose: true, inTheWay: []), now: now)
                now += 100
            }
            pauses.append(now - begin)
            machine.take(.givenUp("POST /slow"), now: now)
        }
        #expect(pauses == pauses.sorted() && pauses.last ?? 0 > 0)
        #expect(machine.phase == .rollingBack)
        #expect(machine.reason.contains("POST /slow"))
    }

    @Test("copies anew after an offline cutover that was given up, and where the store says so")
    func copiesAnew() throws {
        var offline = try machine(.copying, mode: .offline)
        offline.take(.copied, now: 0)
        #expect(offline.next(now: 0) == .cutOver)
        offline.take(.givenUp("in the way"), now: 0)
        #expect(offline.phase == .preparing && offline.attempt == 2)
        #expect(offline.next(now: 0) == .prepare)
        offline.take(.prepared(.offline), now: 0)
        #expect(offline.next(now: 0) == .copy)
        var live = try machine(.copying)
        for attempt in 2...MigrationRules().copies {
            live.take(.failed(MigrationError(.mustRestart, "the snapshot is gone")), now: 0)
            #expect(live.phase == .preparing && live.attempt == Int64(attempt))
            live.take(.prepared(.live), now: 0)
        }
        live.take(.failed(MigrationError(.mustRestart, "the snapshot is gone")), now: 0)
        #expect(live.phase == .rollingBack)
    }

    @Test(
        "rolls back at once on what no second try changes, and on the rest after some",
        arguments: [MigrationError.Code.blocked, .differs, .schemaChanged, .badAnswer, .unavailable, .inTheWay])
    func fails(_ code: MigrationError.Code) throws {
        var machine = try machine(.copying)
        var (tries, now): (Int, Int64) = (0, 0)
        while machine.phase == .copying {
            now += 1_000_000
            #expect(machine.next(now: now) == .copy)
            machine.take(.failed(MigrationError(code, "why")), now: now)
            tries += 1
        }
        #expect(machine.phase == .rollingBack && machine.reason == "why")
        #expect(tries == ([.unavailable, .inTheWay].contains(code) ? MigrationRules().failures : 1))
    }

    @Test("leaves what another coordinator has taken, and never turns back after the switch")
    func overtaken() throws {
        var machine = try machine(.copying)
        machine.take(.failed(MigrationError(.overtaken, "")), now: 0)
        #expect(machine.next(now: 0) == .leave)
        for phase in [MigrationPhase.committed, .purging, .returning] {
            var after = try self.machine(phase)
            for _ in 0..<100 { after.take(.failed(MigrationError(.blocked, "")), now: 0) }
            #expect(after.phase == phase)
        }
    }

    @Test("of a host waits for its commit, and rolls back when the window ends without one")
    func window() throws {
        var machine = try machine(.ready, trigger: .host(id: "m", windowEnd: 100))
        #expect(machine.next(now: 99) == .follow)
        var late = machine
        #expect(late.next(now: 100) == .cleanUp)
        machine.wishes = [.commit]
        #expect(machine.next(now: 101) == .cutOver)
    }

    @Test("waits for a commit by hand, and of a rehearsal takes away what it made")
    func byHand() throws {
        var machine = try machine(.ready, mode: .offline, commit: .manual)
        #expect(machine.next(now: 0) == .wait(.seconds(1)))
        machine.wishes = [.commit]
        // The writes stand still no sooner than that.
        #expect(machine.next(now: 0) == .copy)
        machine.take(.copied, now: 0)
        #expect(machine.next(now: 0) == .cutOver)
        var rehearsal = try self.machine(.ready, kind: .rehearse)
        #expect(rehearsal.next(now: 0) == .cleanUp)
        var plan = try self.machine(.preparing, kind: .plan)
        #expect(plan.next(now: 0) == .look)
        plan.take(.looked, now: 0)
        #expect(plan.phase == .done)
    }

    @Test("of a host that is not live stops the writes at once, and they stand still until the commit")
    func hostOffline() throws {
        var machine = try machine(.preparing, mode: nil, trigger: .host(id: "m", windowEnd: 100))
        machine.take(.prepared(.offline), now: 0)
        #expect(machine.next(now: 0) == .copy)
        machine.take(.copied, now: 0)
        #expect(machine.phase == .ready)
        #expect(machine.next(now: 0) == .wait(.seconds(1)))
        machine.wishes = [.commit]
        #expect(machine.next(now: 0) == .cutOver)
    }

    @Test(
        "tries what was put off again, with what it has, and not for ever", arguments: [MigrationPhase.copying, .ready])
    func putOff(_ phase: MigrationPhase) throws {
        var machine = try machine(.copying, mode: .offline)
        if phase == .ready { machine.take(.copied, now: 0) }
        var now: Int64 = 0
        for _ in 0..<MigrationRules().cutovers {
            #expect(machine.phase == phase && machine.attempt == 1)
            now += 1_000_000
            #expect(machine.next(now: now) == (phase == .ready ? .cutOver : .copy))
            machine.take(.putOff("a node does not answer"), now: now)
        }
        #expect(machine.phase == .rollingBack && machine.reason.contains("a node does not answer"))
    }

    @Test("says nothing that the journal would not take, whatever happens in whatever phase")
    func allowed() throws {
        let events: [MigrationEvent] = [
            .settled(isSwitched: true), .settled(isSwitched: false), .waited,
            .followed(isClose: true, inTheWay: []), .givenUp("x"), .switched, .cleanedUp, .purged, .copied,
            .prepared(.live), .prepared(.offline), .looked, .finished, .putOff("x"),
        ]
        let expected: [MigrationAction: [Int]] = [
            .settle: [0, 1], .follow: [3], .cutOver: [4, 5, 13], .cleanUp: [6], .purge: [7], .copy: [8, 13],
            .prepare: [9, 10], .look: [11], .finish: [12],
        ]
        for phase in MigrationPhase.allCases where !phase.isOver && phase != .scheduled {
            for wishes in [Set<MigrationWish>(), [.cancel], [.commit], [.return], [.purge]] {
                var machine = try machine(phase)
                machine.wishes = wishes
                let action = machine.next(now: 0)
                #expect(phase == machine.phase || phase.next.contains(machine.phase))
                for index in expected[action] ?? [2] {
                    var after = machine
                    let before = after.phase
                    after.take(events[index], now: 0)
                    #expect(before == after.phase || before.next.contains(after.phase), "\(before) \(events[index])")
                }
            }
        }
    }
}
