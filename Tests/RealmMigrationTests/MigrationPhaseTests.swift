import TenantDirectory
import Testing

@Suite("Phases of a migration")
struct MigrationPhaseTests {
    @Test("Every phase but the last ones leads on, and no phase leads to itself")
    func leadsOn() {
        for phase in MigrationPhase.allCases {
            #expect(phase.next.isEmpty == phase.isOver)
            #expect(!phase.next.contains(phase))
        }
    }

    @Test("Every phase can be reached from the first, and leads to an end")
    func reachable() {
        func reached(from start: MigrationPhase) -> Set<MigrationPhase> {
            var (found, left): (Set<MigrationPhase>, [MigrationPhase]) = ([start], [start])
            while let phase = left.popLast() {
                for next in phase.next where found.insert(next).inserted { left.append(next) }
            }
            return found
        }
        #expect(reached(from: .scheduled) == Set(MigrationPhase.allCases))
        for phase in MigrationPhase.allCases { #expect(reached(from: phase).contains { $0.isOver }) }
    }

    @Test("After the switch nothing rolls back: the way is purge, or return")
    func afterTheSwitch() {
        for phase in [MigrationPhase.committed, .purging, .returning, .done, .returned] {
            #expect(!phase.next.contains(.rollingBack))
        }
    }
}
