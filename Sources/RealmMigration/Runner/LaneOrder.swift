/// Which lanes of a copy may begin: so many at a time, each after those it follows. Pure.
struct LaneOrder {
    private var waiting: [CopyLane]
    private var running: Set<String> = []
    private var done: Set<String> = []
    private let atOnce: Int

    /// - Throws: `.badAnswer` where lanes wait for each other.
    init(_ lanes: [CopyLane], atOnce: Int) throws(MigrationError) {
        waiting = lanes
        self.atOnce = max(1, atOnce)
        let names = Set(lanes.map(\.name))
        // What is not copied here has been, or is copied later: nobody waits for it.
        for index in waiting.indices { waiting[index].follows.removeAll { !names.contains($0) } }
        var reached: Set<String> = []
        while reached.count < names.count {
            let next = waiting.filter { !reached.contains($0.name) && reached.isSuperset(of: $0.follows) }
            guard !next.isEmpty else {
                throw MigrationError(.badAnswer, "The lanes of a copy wait for each other; none can begin.")
            }
            reached.formUnion(next.map(\.name))
        }
    }

    /// The lanes that begin now.
    mutating func begin() -> [CopyLane] {
        var begun: [CopyLane] = []
        while running.count < atOnce, let index = waiting.firstIndex(where: { done.isSuperset(of: $0.follows) }) {
            let lane = waiting.remove(at: index)
            running.insert(lane.name)
            begun.append(lane)
        }
        return begun
    }

    mutating func end(_ lane: String) {
        running.remove(lane)
        done.insert(lane)
    }
}
