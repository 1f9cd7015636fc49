import NIOCore

/// The connections of one event loop to one app instance: who waits, who is idle, when to open another. Pure; the
/// runner is ``InstancePool``.
struct ConnectionPoolMachine<Connection: AnyObject, Waiter: AnyObject> {
    enum Lease {
        /// Use this idle connection now.
        case use(Connection)
        /// Open a connection; the waiter is served when it, or any other, is ready.
        case connect
        /// Wait: enough are being opened, or the bound on connections is reached.
        case wait
        /// The bound on waiting is reached.
        case refuse
    }

    private struct Idle {
        let connection: Connection
        let since: NIODeadline
    }

    private struct Waiting {
        let waiter: Waiter
        let since: NIODeadline
    }

    private var idle: [Idle] = []
    private var waiting = CircularBuffer<Waiting>()
    /// Open connections, idle ones among them.
    private(set) var open = 0
    private(set) var connecting = 0
    /// At least 1.
    var maxConnections: Int
    var maxIdle: Int
    var maxWaiting: Int

    init(maxConnections: Int, maxIdle: Int, maxWaiting: Int) {
        self.maxConnections = max(1, maxConnections)
        self.maxIdle = maxIdle
        self.maxWaiting = maxWaiting
    }

    var idleCount: Int { idle.count }

    /// Whether there is no connection, none is being opened, and nobody waits.
    var isEmpty: Bool { open == 0 && connecting == 0 && waiting.isEmpty }

    mutating func lease(_ waiter: Waiter, now: NIODeadline) -> Lease {
        // Newest first: the oldest then grow old enough to be closed.
        if let last = idle.popLast() { return .use(last.connection) }
        guard waiting.count < maxWaiting else { return .refuse }
        waiting.append(Waiting(waiter: waiter, since: now))
        return connectIfNeeded() ? .connect : .wait
    }

    /// A connection has been opened.
    /// - Returns: who is to use it; `nil` makes it idle.
    mutating func connected(_ connection: Connection, now: NIODeadline) -> Waiter? {
        connecting -= 1
        open += 1
        return served(by: connection, now: now)
    }

    /// - Returns: the waiter that hears of the failure, and whether another connection is to be tried for the others.
    mutating func connectFailed() -> (failed: Waiter?, connect: Bool) {
        connecting -= 1
        let failed = waiting.popFirst()?.waiter
        return (failed, connectIfNeeded())
    }

    enum Release {
        case serve(Waiter)
        case idle
        /// Enough are idle already.
        case close
    }

    /// A connection is free again, with nothing left of its last exchange.
    mutating func released(_ connection: Connection, now: NIODeadline) -> Release {
        if let waiter = waiting.popFirst()?.waiter { return .serve(waiter) }
        guard idle.count < maxIdle else { return .close }
        idle.append(Idle(connection: connection, since: now))
        return .idle
    }

    /// A connection is gone.
    /// - Returns: whether another is to be opened for those who wait.
    mutating func closed(_ connection: Connection) -> Bool {
        open -= 1
        if let index = idle.lastIndex(where: { $0.connection === connection }) { idle.remove(at: index) }
        return connectIfNeeded()
    }

    /// A waiter has left.
    mutating func cancelled(_ waiter: Waiter) {
        waiting.removeAll { $0.waiter === waiter }
    }

    struct Expired {
        var connections: [Connection] = []
        var waiters: [Waiter] = []
    }

    /// What has been idle, or has waited, for too long. The connections are reported ``closed(_:)`` by their runner.
    mutating func expire(now: NIODeadline, idleFor: TimeAmount, waitedFor: TimeAmount) -> Expired {
        var expired = Expired()
        // The oldest stand first in both.
        let fresh = idle.firstIndex { now - $0.since < idleFor } ?? idle.count
        expired.connections = idle[..<fresh].map(\.connection)
        idle.removeFirst(fresh)
        while let first = waiting.first, now - first.since >= waitedFor {
            expired.waiters.append(first.waiter)
            waiting.removeFirst()
        }
        return expired
    }

    /// All that is idle, for a drain.
    mutating func takeIdle() -> [Connection] {
        defer { idle.removeAll() }
        return idle.map(\.connection)
    }

    private mutating func served(by connection: Connection, now: NIODeadline) -> Waiter? {
        if let waiter = waiting.popFirst()?.waiter { return waiter }
        idle.append(Idle(connection: connection, since: now))
        return nil
    }

    private mutating func connectIfNeeded() -> Bool {
        guard connecting < waiting.count, open + connecting < maxConnections else { return false }
        connecting += 1
        return true
    }
}
