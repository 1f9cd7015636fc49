import Synchronization

/// What was made of files, made anew when they have changed: later handshakes get the new, connections keep what they
/// began with. Files that cannot be used leave the old in its place.
package final class Renewable<Value: Sendable>: Sendable {
    private struct State {
        var value: Value
        var stamps: [FileStamp?]
    }

    private let files: [String]
    private let load: @Sendable () throws(TLSFaults) -> Value
    private let state: Mutex<State>

    /// - Parameters:
    ///   - files: all that `load` reads.
    ///   - load: may block.
    package init(files: [String], load: @escaping @Sendable () throws(TLSFaults) -> Value) throws(TLSFaults) {
        self.files = files
        self.load = load
        // A change between the look and the reading is found by the next look.
        let stamps = files.map { FileStamp($0) }
        state = Mutex(State(value: try load(), stamps: stamps))
    }

    /// The value as of now; once a connection, never once a request.
    package var current: Value { state.withLock { $0.value } }

    /// Looks at the files, and reads them where one has changed. Blocks, so never on an event loop.
    /// - Parameter always: reads them even where none has.
    package func renew(always: Bool = false) -> Renewal {
        let stamps = files.map { FileStamp($0) }
        guard always || state.withLock({ $0.stamps != stamps }) else { return .unchanged }
        do throws(TLSFaults) {
            let value = try load()
            state.withLock { $0 = State(value: value, stamps: stamps) }
            return .renewed
        } catch {
            // Told once: the next look says the same again only when a file has changed since.
            state.withLock { $0.stamps = stamps }
            return .refused(error)
        }
    }
}

extension Renewable where Value == ServerContexts {
    /// What a listener shows to its clients.
    package convenience init(_ tls: ServerTLS, now: @escaping @Sendable () -> Int64) throws(TLSFaults) {
        try self.init(files: tls.files) { () throws(TLSFaults) in try ServerContexts(tls, now: now()) }
    }
}

extension Renewable where Value == ClientContext {
    /// What is needed to call servers.
    package convenience init(_ tls: ClientTLS, now: @escaping @Sendable () -> Int64) throws(TLSFaults) {
        try self.init(files: tls.files) { () throws(TLSFaults) in try ClientContext(tls, now: now()) }
    }
}
