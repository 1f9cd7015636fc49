import Synchronization
import TenantDirectory

/// What a process keeps of one migration at the source: sessions that cannot be made again, and streams that read them.
final class SourceMove: Sendable {
    private struct State {
        var record: MoveRecord?
        var holder: PostgresSession?
        var snapshot: String?
        var streams: [String: CopyStream] = [:]
        var changes: ChangeStream?
    }

    let attempt: Int64
    private let state = Mutex(State())

    init(attempt: Int64) { self.attempt = attempt }

    /// What the store remembers, once it has been read.
    var record: MoveRecord? {
        get { state.withLock { $0.record } }
        set { state.withLock { $0.record = newValue } }
    }

    /// The session that keeps the snapshot of the copy.
    var holder: PostgresSession? { state.withLock { $0.holder } }
    /// By which others see what it sees.
    var snapshot: String? { state.withLock { $0.snapshot } }
    var hasSnapshot: Bool { snapshot != nil }
    var changes: ChangeStream? { state.withLock { $0.changes } }

    func begin(_ feed: ChangeFeed, _ stream: ChangeStream) {
        state.withLock { state in
            state.holder = feed.holder
            state.snapshot = feed.snapshot
            state.changes = stream
        }
    }

    func stream(_ lane: String) -> CopyStream? { state.withLock { $0.streams[lane] } }

    /// Keeps a stream, unless another call has made one meanwhile.
    /// - Returns: the one that is kept.
    func add(_ stream: CopyStream, lane: String) -> CopyStream {
        state.withLock { state in
            if let known = state.streams[lane] { return known }
            state.streams[lane] = stream
            return stream
        }
    }

    func add(_ stream: ChangeStream) -> ChangeStream {
        state.withLock { state in
            if let known = state.changes { return known }
            state.changes = stream
            return stream
        }
    }

    /// Lets the snapshot go.
    func dropSnapshot() async {
        let holder = state.withLock { state in
            defer {
                state.holder = nil
                state.snapshot = nil
            }
            return state.holder
        }
        await holder?.close()
    }

    /// Ends everything.
    func end() async {
        await dropSnapshot()
        let (streams, changes) = state.withLock { state in
            defer {
                state.streams = [:]
                state.changes = nil
            }
            return (state.streams, state.changes)
        }
        for stream in streams.values { await stream.stop() }
        await changes?.stop()
    }
}
