import TenantDirectory

/// The changes of one tenant at the source: one kept replication connection (H23), read as it is asked for. A stream
/// that is lost is begun anew at the target's cursor, if the slot still holds what follows it (H8).
actor ChangeStream {
    private let side: PostgresSide
    private let plan: PreparedPlan
    private let names: StoreNames
    private let point: SlotPoint
    private var session: PostgresSession?
    /// The session that made the slot, until the stream begins.
    private var made: PostgresSession?
    private var collector: ChangeCollector
    private var last: StoreBatch?
    private var isBusy = false
    /// Which tables have changed is known since the slot was made.
    private var knowsAll: Bool
    /// Everything that was committed before has been sent.
    private var reached = LogPosition(0)

    /// How much of the log may pass without a change of the tenant's before the cursor is moved on.
    private static let stride: UInt64 = 16 << 20

    /// - Parameter session: that made the slot and streams nothing yet; `nil` after a process has started anew.
    init(side: PostgresSide, plan: PreparedPlan, names: StoreNames, point: SlotPoint, session: PostgresSession?) {
        self.side = side
        self.plan = plan
        self.names = names
        self.point = point
        made = session
        knowsAll = session != nil
        collector = ChangeCollector(plan, short: names.short, cursor: .beginning)
    }

    init(side: PostgresSide, plan: PreparedPlan, names: StoreNames, feed: ChangeFeed) {
        self.init(side: side, plan: plan, names: names, point: feed.point, session: feed.stream)
    }

    /// The next changes; `nil` where there are none in time.
    func batch(after text: String, marker: String?, wait: Duration) async throws(MigrationError) -> StoreBatch? {
        guard let cursor = ChangeCursor(text) else {
            throw MigrationError(.badAnswer, "\(side.title): \(text) is no cursor of changes.")
        }
        guard !isBusy else {
            throw MigrationError(.unavailable, "\(side.title): the changes are being read by another call. Try again.")
        }
        isBusy = true
        defer { isBusy = false }
        if let last, last.before == text, last.after != text { return last }
        if session == nil || collector.cursor != cursor { try await begin(at: cursor) }
        let deadline = ContinuousClock.now + wait
        while true {
            if let marker, collector.hasSeen(marker), !collector.isWithinTransaction {
                let sequences = try await side.sequenceValues(plan)
                return keep(try collector.batch(isLast: true, advance: true, sequences: sequences))
            }
            if collector.isFull { return keep(try collector.batch(isLast: false, advance: false)) }
            let left = max(.zero, deadline - .now)
            let messages = try await receive(wait: collector.isWithinTransaction ? .milliseconds(200) : left)
            try await take(messages)
            // Whatever is there goes at once; only a transaction's middle waits for its end.
            if messages.isEmpty, !collector.isWithinTransaction || ContinuousClock.now >= deadline {
                return keep(try collector.batch(isLast: false, advance: isFarBehind))
            }
            if !messages.isEmpty, !collector.isWithinTransaction, marker == nil,
                let batch = try collector.batch(isLast: false, advance: isFarBehind)
            {
                return keep(batch)
            }
        }
    }

    /// The target has made everything up to the cursor durable.
    func confirm(_ text: String) async throws(MigrationError) {
        guard let cursor = ChangeCursor(text), cursor.changes == nil, cursor.position.value > 0, let session else {
            return
        }
        do {
            try await session.report(cursor.position.value)
        } catch {
            await stop()
            throw side.migrationError(error, "confirming changes")
        }
    }

    /// What has changed since the last round.
    func takeChanged() -> [StoreDigest.Request] { collector.takeChanged() }

    /// Ends the stream; the slot stays.
    func stop() async {
        await session?.close()
        await made?.close()
        session = nil
        made = nil
    }

    private var isFarBehind: Bool {
        reached.value > collector.cursor.position.value &+ Self.stride
    }

    private func keep(_ batch: StoreBatch?) -> StoreBatch? {
        if let batch { last = batch }
        return batch
    }

    private func receive(wait: Duration) async throws(MigrationError) -> [ReplicationMessage] {
        guard let session else { return [] }
        do {
            return try await session.receive(limit: StoreBatch.targetBytes, wait: wait)
        } catch {
            await stop()
            throw side.migrationError(error, "reading changes")
        }
    }

    private func take(_ messages: [ReplicationMessage]) async throws(MigrationError) {
        for message in messages {
            switch message {
            case .data(let bytes): try collector.take(bytes)
            case .keepAlive(let end, let wantsReply):
                reached = LogPosition(end)
                collector.reach(reached)
                // What has been confirmed once more: that this side lives.
                guard wantsReply, let session else { continue }
                try? await session.report(0)
            }
        }
    }

    private func begin(at cursor: ChangeCursor) async throws(MigrationError) {
        await session?.close()
        session = nil
        last = nil
        try await checkSlot(cursor)
        let stream: PostgresSession
        if let made {
            stream = made
            self.made = nil
        } else {
            stream = side.ownSession(names.sessions + " stream", isReplicating: true)
        }
        do {
            if await !stream.isIdle { try await stream.open() }
            let server = try await stream.run("IDENTIFY_SYSTEM").last
            guard server?[0, 0] == point.system, server?[0, 1] == point.timeline else {
                throw MigrationError(
                    .mustRestart, "\(side.title) is another server, or went back to a backup, since the slot was made.")
            }
            try await stream.startReplication(
                """
                START_REPLICATION SLOT "\(names.slot)" LOGICAL 0/0 \
                (proto_version '1', publication_names '"\(names.publication)"', messages 'true')
                """)
        } catch {
            await stream.close()
            throw side.migrationError(error, "beginning to read changes")
        }
        session = stream
        var fresh = ChangeCollector(plan, short: names.short, cursor: cursor)
        if !knowsAll { fresh.markAll() }
        knowsAll = false
        collector = fresh
    }

    /// PostgreSQL silently moves a stream on to what was confirmed; the rows between would be lost (H8).
    private func checkSlot(_ cursor: ChangeCursor) async throws(MigrationError) {
        let slot = try await side.run(
            "looking at the slot",
            "SELECT confirmed_flush_lsn, wal_status, active_pid FROM pg_replication_slots WHERE slot_name = "
                + SQLText.literal(names.slot)
        ).last
        guard let confirmed = slot?.value.flatMap({ LogPosition($0) }), slot?[0, 1] != "lost" else {
            throw MigrationError(.mustRestart, "\(side.title): the slot \(names.slot) is gone; the copy begins anew.")
        }
        let start = max(cursor.position, LogPosition(point.position) ?? LogPosition(0))
        guard confirmed <= start else {
            throw MigrationError(
                .mustRestart,
                "\(side.title): the slot is at \(confirmed), past the target's cursor \(start): what "
                    + "lies between cannot be had any more; the copy begins anew.")
        }
        if let process = slot?[0, 2] {
            // A stream of ours that nobody reads any more.
            _ = try await side.run(
                "ending an older stream", "SELECT pg_terminate_backend(\(SQLText.literal(process))::int)")
        }
    }
}
