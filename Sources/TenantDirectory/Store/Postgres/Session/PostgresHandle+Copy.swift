import CLibPQ
import Foundation

/// Statements of a session, and rows by COPY. All throw ``PostgresSessionError`` or ``PostgresFailure``.
extension PostgresHandle {
    /// Runs statements that travel as one message.
    /// - Returns: the answer to each.
    func replies(_ sql: String, within time: Duration) throws -> [PostgresReply] {
        try send(sql)
        let deadline = ContinuousClock.now + time
        var replies: [PostgresReply] = []
        var refusal: PostgresSessionError?
        while let result = try nextResult(until: deadline) {
            if let found = result.refusal {
                refusal = refusal ?? found
            } else if result.isCopy {
                close()
                throw PostgresSessionError(.statement, words: "a COPY among statements")
            } else {
                replies.append(result.reply)
            }
        }
        if let refusal { throw refusal }
        return replies
    }

    // MARK: Rows out

    /// Begins a `COPY … TO STDOUT`.
    func startCopyOut(_ sql: String, isBinary: Bool, within time: Duration) throws {
        try send(sql)
        try expect(PGRES_COPY_OUT, within: time)
        copyOut = PostgresCopyOut(isBinary: isBinary)
    }

    /// Reads rows up to so many bytes, and one row at least where there is one.
    func copyPart(limit: Int, within time: Duration) throws -> PostgresCopyPart {
        guard var copy = copyOut else { throw PostgresSessionError(.statement, words: "no COPY is under way") }
        // A copy that has failed cannot go on.
        copyOut = nil
        let deadline = ContinuousClock.now + time
        var part = PostgresCopyPart()
        if let kept = copy.kept { part = PostgresCopyPart(bytes: kept, rows: 1) }
        copy.kept = nil
        while !copy.isAtEnd {
            guard let message = try copyMessage(until: deadline) else {
                copy.isAtEnd = true
                break
            }
            guard let row = try copy.row(message) else { continue }
            if !part.bytes.isEmpty, part.bytes.count + row.count > limit {
                copy.kept = row
                break
            }
            part.bytes += row
            part.rows += 1
        }
        part.isLast = copy.isAtEnd && copy.kept == nil
        if !part.isLast { copyOut = copy }
        return part
    }

    /// The next message of a COPY or a stream; `nil` at its end.
    private func copyMessage(until deadline: ContinuousClock.Instant) throws -> [UInt8]? {
        let connection = try opened()
        while true {
            switch try takeCopyMessage(connection) {
            case .message(let bytes): return bytes
            case .nothingYet:
                try wait(connection, events: POLLIN, until: deadline)
                guard PQconsumeInput(connection) == 1 else { throw lost() }
            case .end:
                try finishCopy(until: deadline)
                return nil
            }
        }
    }

    private enum CopyMessage {
        case message([UInt8])
        case nothingYet
        case end
    }

    private func takeCopyMessage(_ connection: OpaquePointer) throws -> CopyMessage {
        var buffer: UnsafeMutablePointer<CChar>?
        let count = PQgetCopyData(connection, &buffer, 1)
        defer { if let buffer { PQfreemem(buffer) } }
        switch count {
        case 0: return .nothingYet
        case -1: return .end
        case -2: throw lost()
        default:
            guard let buffer else { return .nothingYet }
            return .message(Array(UnsafeRawBufferPointer(start: buffer, count: Int(count))))
        }
    }

    private func finishCopy(until deadline: ContinuousClock.Instant) throws {
        var refusal: PostgresSessionError?
        while let result = try nextResult(until: deadline) {
            if result.isCopy { break }
            refusal = refusal ?? result.refusal
        }
        if let refusal { throw refusal }
    }

    // MARK: Rows in

    /// Runs a `COPY … FROM STDIN` with these bytes.
    /// - Returns: how many rows there were.
    func copyIn(_ sql: String, _ parts: [[UInt8]], within time: Duration) throws -> Int64 {
        try send(sql)
        try expect(PGRES_COPY_IN, within: time)
        let deadline = ContinuousClock.now + time
        for part in parts where !part.isEmpty {
            try put(deadline) { connection in
                part.withUnsafeBytes { buffer in
                    let bytes = buffer.bindMemory(to: CChar.self)
                    return PQputCopyData(connection, bytes.baseAddress, Int32(clamping: bytes.count))
                }
            }
        }
        try put(deadline) { PQputCopyEnd($0, nil) }
        var rows: Int64 = 0
        var refusal: PostgresSessionError?
        while let result = try nextResult(until: deadline) {
            refusal = refusal ?? result.refusal
            rows += result.reply.affected
        }
        if let refusal { throw refusal }
        return rows
    }

    private func put(
        _ deadline: ContinuousClock.Instant, _ body: (OpaquePointer) -> Int32
    ) throws {
        let connection = try opened()
        while true {
            let result = body(connection)
            if result == 1 { break }
            guard result == 0 else { throw lost() }
            try flush(connection, until: deadline)
        }
    }

    private func flush(_ connection: OpaquePointer, until deadline: ContinuousClock.Instant) throws {
        while true {
            let flushed = PQflush(connection)
            guard flushed >= 0 else { throw lost() }
            if flushed == 0 { return }
            try wait(connection, events: POLLIN | POLLOUT, until: deadline)
            guard PQconsumeInput(connection) == 1 else { throw lost() }
        }
    }

    // MARK: Replication

    /// Begins a `START_REPLICATION`.
    func startReplication(_ command: String, within time: Duration) throws {
        try send(command)
        try expect(PGRES_COPY_BOTH, within: time)
    }

    /// What has arrived, up to so many bytes; waits for something, for so long.
    func receive(limit: Int, wait time: Duration) throws -> [ReplicationMessage] {
        let connection = try opened()
        let deadline = ContinuousClock.now + time
        var messages: [ReplicationMessage] = []
        var size = 0
        while size < limit {
            switch try takeCopyMessage(connection) {
            case .message(let bytes):
                size += bytes.count
                if let message = ReplicationMessage(bytes) { messages.append(message) }
            case .nothingYet:
                guard messages.isEmpty, try awaitInput(connection, until: deadline) else { return messages }
            case .end:
                try finishCopy(until: .now + .seconds(5))
                throw PostgresSessionError(.connection, words: "the server has ended the stream")
            }
        }
        return messages
    }

    /// Tells the server how far everything is durable.
    func report(_ position: UInt64, within time: Duration) throws {
        // Microseconds since 2000-01-01.
        let now = Int64((Date().timeIntervalSince1970 - 946_684_800) * 1_000_000)
        let bytes = ReplicationMessage.report(position, time: now)
        let deadline = ContinuousClock.now + time
        try put(deadline) { connection in
            bytes.withUnsafeBytes { buffer in
                let bytes = buffer.bindMemory(to: CChar.self)
                return PQputCopyData(connection, bytes.baseAddress, Int32(clamping: bytes.count))
            }
        }
        try flush(opened(), until: deadline)
    }

    /// - Returns: whether there was something to read in time.
    private func awaitInput(_ connection: OpaquePointer, until deadline: ContinuousClock.Instant) throws -> Bool {
        while true {
            let left = (deadline - .now).milliseconds
            var look = pollfd(fd: PQsocket(connection), events: Int16(POLLIN), revents: 0)
            let count = poll(&look, 1, Int32(clamping: max(0, left)))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw lost() }
            if count > 0 {
                guard PQconsumeInput(connection) == 1 else { throw lost() }
                return true
            }
            if left <= 0 { return false }
        }
    }

    private func send(_ sql: String) throws {
        let connection = try opened()
        try takeUnreadAnswer()
        copyOut = nil
        guard PQsendQuery(connection, sql) == 1 else { throw lost() }
    }

    /// - Throws: what the server refuses; with the session as it was.
    private func expect(_ status: ExecStatusType, within time: Duration) throws {
        let deadline = ContinuousClock.now + time
        guard let result = try nextResult(until: deadline) else { throw lost() }
        if PQresultStatus(result.result) == status { return }
        let refusal = result.refusal
        while try nextResult(until: deadline) != nil {}
        throw refusal ?? PostgresSessionError(.statement, words: "the server answered something else than a COPY")
    }
}
