import Synchronization

/// A page of a site that goes on writing notes while the site's data moves: what it was told, and how long it waited.
final class DemoWriter: Sendable {
    struct Tally: Sendable {
        /// Notes that were acknowledged.
        var notes: [String] = []
        var failures = 0
        var slowest = Duration.zero
        /// Where they were answered.
        var regions: Set<String> = []
    }

    private static let pause = Duration.milliseconds(10)

    private let caller: HostCaller
    private let make: @Sendable (_ note: String) -> HostCallMade
    private let state = Mutex(Tally())

    /// - Parameter make: the call that writes a note.
    init(caller: HostCaller, make: @escaping @Sendable (_ note: String) -> HostCallMade) {
        self.caller = caller
        self.make = make
    }

    var tally: Tally { state.withLock { $0 } }

    /// Writes one note after the other until the task is cancelled.
    func run() async {
        var number = 0
        while !Task.isCancelled {
            number += 1
            let note = "note \(number), written while the data moved"
            // Once begun it is waited for, whatever becomes of the task: else nobody knew whether it was written.
            let call = Task { try await self.caller.send(self.make(note)) }
            let seen = try? await call.value
            state.withLock { tally in
                guard let seen, (200..<300).contains(seen.status) else {
                    tally.failures += 1
                    return
                }
                tally.notes.append(note)
                tally.slowest = max(tally.slowest, seen.elapsed)
                if let region = seen.region { tally.regions.insert(region) }
            }
            try? await Task.sleep(for: Self.pause)
        }
    }
}
