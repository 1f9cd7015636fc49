import CLibPQ
import Foundation

/// libpq's connection, wrapped once. Every wait has an end: statements are sent and answers awaited by the non-blocking
/// calls, and past its time the connection is closed. For one thread at a time, which waits.
final class PostgresHandle {
    private var connection: OpaquePointer?
    private let answerTimeout: Duration
    /// Statements as PostgreSQL numbers its values, by the text they were made from.
    private var numberedTexts: [String: String] = [:]
    /// A statement was sent whose answer nobody has taken.
    private var hasUnreadAnswer = false
    /// Rows that a COPY sends; see ``startCopyOut(_:isBinary:within:)``.
    var copyOut: PostgresCopyOut?

    /// - Parameter parameters: of libpq's beside the usual; they go before what the URL says.
    /// - Throws: ``PostgresFailure``.
    init(_ settings: PostgresSettings, address: PostgresAddress, parameters more: [(String, String)] = []) throws {
        answerTimeout = settings.answerTimeout
        let milliseconds = settings.connectTimeout.milliseconds
        // What stands after the URL goes before what it says.
        let parameters =
            [
                ("fallback_application_name", "residency-gateway"), ("keepalives", "1"), ("keepalives_idle", "10"),
                ("keepalives_interval", "5"), ("keepalives_count", "3"), ("tcp_user_timeout", "\(milliseconds)"),
                ("dbname", settings.url), ("client_encoding", "UTF8"),
            ] + more
        connection = Self.start(parameters)
        guard let connection else { throw PostgresFailure(.unreachable, words: "out of memory") }
        do {
            // libpq would print what the server remarks.
            PQsetNoticeProcessor(connection, { _, _ in }, nil)
            // The code of a refusal is told in the text alone.
            PQsetErrorVerbosity(connection, PQERRORS_VERBOSE)
            try connect(connection, within: settings.connectTimeout * (address.hostCount + 1))
            PQsetErrorVerbosity(connection, PQERRORS_DEFAULT)
            guard PQsetnonblocking(connection, 1) == 0 else { throw lost() }
            _ = try runScript(
                """
                SET statement_timeout = \(settings.statementTimeout.milliseconds); \
                SET lock_timeout = \(settings.lockTimeout.milliseconds); \
                SET idle_in_transaction_session_timeout = \(settings.idleInTransactionTimeout.milliseconds); \
                SET standard_conforming_strings = on
                """)
        } catch let failure as PostgresFailure {
            close()
            throw PostgresFailure(.unreachable, sqlState: failure.sqlState, words: failure.words)
        }
    }

    deinit { close() }

    /// Whether it is of no use any more.
    var isClosed: Bool { connection == nil }

    /// Whether no transaction is open.
    var isIdle: Bool { connection.map { PQtransactionStatus($0) == PQTRANS_IDLE } ?? false }

    var socket: Int32 { connection.map { PQsocket($0) } ?? -1 }

    func close() {
        if let connection { PQfinish(connection) }
        connection = nil
    }

    // MARK: Statements

    /// Runs one statement; its values travel apart from it, and `?` stands for each.
    func run(_ sql: String, _ values: [SQLValue]) throws -> [StoredRow] {
        let connection = try opened()
        try takeUnreadAnswer()
        let text = numbered(sql)
        let parameters = PostgresParameters(values)
        guard parameters.send(text, on: connection) == 1 else { throw lost() }
        return try answers(within: answerTimeout).last ?? []
    }

    /// Runs statements that travel as one message: the server begins when it has all of it.
    /// - Parameter time: past it the connection is given up; without one, what a statement may take.
    /// - Returns: the rows of each.
    func runScript(_ sql: String, within time: Duration? = nil) throws -> [[StoredRow]] {
        let connection = try opened()
        try takeUnreadAnswer()
        guard PQsendQuery(connection, sql) == 1 else { throw lost() }
        return try answers(within: time ?? answerTimeout)
    }

    /// To be asked before a commit is sent: a server that says something unasked has ended the session, and what it
    /// ended is known to be undone. Once the commit is on its way, a broken connection leaves that open.
    /// - Throws: ``PostgresFailure`` of kind `connection`; the connection is then closed.
    func expectQuiet() throws {
        let connection = try opened()
        guard !hasUnreadAnswer else { return }
        var look = pollfd(fd: PQsocket(connection), events: Int16(POLLIN), revents: 0)
        guard poll(&look, 1, 0) > 0 else { return }
        PQconsumeInput(connection)
        throw lost()
    }

    /// Sends a statement and does not wait for the answer, which matters to nobody.
    func sendUnread(_ sql: String) {
        guard let connection, !hasUnreadAnswer, PQsendQuery(connection, sql) == 1 else { return }
        hasUnreadAnswer = true
        PQflush(connection)
    }

    /// A text or bytes as they stand in a statement.
    func literal(_ value: SQLValue) throws -> String {
        switch value {
        case .null: return "NULL"
        case .integer(let number): return number < 0 ? "(\(number))" : "\(number)"
        case .text(let text): return try quoted(text)
        case .bytes(let bytes): return try quoted("\\x" + Hexadecimal.lowerCase(bytes))
        case .change: throw PostgresFailure(.statement)
        }
    }

    private func quoted(_ text: String) throws -> String {
        let connection = try opened()
        // libpq would end the text there.
        guard !text.utf8.contains(0) else { throw PostgresFailure(.statement, sqlState: "22021") }
        guard let quoted = PQescapeLiteral(connection, text, text.utf8.count) else {
            throw PostgresFailure(.statement, sqlState: "22021")
        }
        defer { PQfreemem(quoted) }
        return String(cString: quoted)
    }

    private func numbered(_ sql: String) -> String {
        if let text = numberedTexts[sql] { return text }
        var text = ""
        for (index, piece) in SQLStatement.pieces(sql).enumerated() {
            text += index == 0 ? piece : "$\(index)" + piece
        }
        // There are few texts, but for lists of keys of every length.
        if numberedTexts.count < 500 { numberedTexts[sql] = text }
        return text
    }

    // MARK: Notifications

    /// Waits until another session notifies, or until `wake` is readable.
    /// - Returns: whether there was a notification.
    func waitForNotification(wake: Int32) throws -> Bool {
        let connection = try opened()
        while true {
            guard PQconsumeInput(connection) == 1 else { throw lost() }
            var isNotified = false
            while let notification = PQnotifies(connection) {
                PQfreemem(notification)
                isNotified = true
            }
            if isNotified { return true }
            var waits = [
                pollfd(fd: PQsocket(connection), events: Int16(POLLIN), revents: 0),
                pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
            ]
            let count = poll(&waits, 2, -1)
            if count < 0, errno != EINTR { throw lost() }
            if waits[1].revents != 0 { return false }
        }
    }

    // MARK: Waiting

    func opened() throws -> OpaquePointer {
        guard let connection else { throw PostgresFailure(.connection, words: "the connection is closed") }
        return connection
    }

    func takeUnreadAnswer() throws {
        guard hasUnreadAnswer else { return }
        hasUnreadAnswer = false
        do {
            _ = try answers(within: answerTimeout)
        } catch let failure as PostgresFailure where !failure.endsSession {}
    }

    /// Reads all answers to what was sent.
    /// - Throws: the first failure among them, when the last is read.
    private func answers(within time: Duration) throws -> [[StoredRow]] {
        let connection = try opened()
        let deadline = ContinuousClock.now + time
        var answers: [[StoredRow]] = []
        var failure: PostgresFailure?
        while let result = try nextResult(until: deadline, after: failure) {
            if let found = result.failure { failure = failure ?? found } else { answers.append(try result.rows()) }
        }
        if let failure {
            throw failure.endsSession || PQstatus(connection) != CONNECTION_OK ? lost(saying: failure) : failure
        }
        guard PQstatus(connection) == CONNECTION_OK else { throw lost() }
        return answers
    }

    /// The next answer to what was sent; `nil` after the last.
    /// - Parameter failure: that was read before, to be told where the connection breaks after it.
    func nextResult(
        until deadline: ContinuousClock.Instant, after failure: PostgresFailure? = nil
    ) throws -> PostgresResult? {
        let connection = try opened()
        while true {
            let flushed = PQflush(connection)
            guard flushed >= 0 else { throw lost() }
            if flushed == 0, PQisBusy(connection) == 0 { break }
            try wait(connection, events: flushed == 1 ? POLLIN | POLLOUT : POLLIN, until: deadline)
            guard PQconsumeInput(connection) == 1 else { throw lost(saying: failure) }
        }
        return PQgetResult(connection).map { PostgresResult($0) }
    }

    private func connect(_ connection: OpaquePointer, within time: Duration) throws {
        let deadline = ContinuousClock.now + time
        var next = PGRES_POLLING_WRITING
        while next != PGRES_POLLING_OK {
            guard next != PGRES_POLLING_FAILED, PQstatus(connection) != CONNECTION_BAD else {
                throw refusal(connection)
            }
            try wait(connection, events: next == PGRES_POLLING_READING ? POLLIN : POLLOUT, until: deadline)
            next = PQconnectPoll(connection)
        }
    }

    func wait(_ connection: OpaquePointer, events: Int32, until deadline: ContinuousClock.Instant) throws {
        while true {
            let left = (deadline - .now).milliseconds
            var wait = pollfd(fd: PQsocket(connection), events: Int16(events), revents: 0)
            let count = left > 0 ? poll(&wait, 1, Int32(clamping: left)) : 0
            if count > 0 { return }
            if count < 0, errno == EINTR { continue }
            close()
            throw PostgresFailure(.silence)
        }
    }

    /// Closes the connection, and says why: what the server said last, or what libpq says.
    func lost(saying failure: PostgresFailure? = nil) -> PostgresFailure {
        defer { close() }
        if let failure { return PostgresFailure(.connection, sqlState: failure.sqlState, words: failure.words) }
        return connection.map(refusal) ?? PostgresFailure(.connection)
    }

    private func refusal(_ connection: OpaquePointer) -> PostgresFailure {
        let lines = String(cString: PQerrorMessage(connection)).split(separator: "\n").map(String.init)
        let text = lines.first { $0.contains("FATAL") } ?? lines.last ?? ""
        // `… FATAL:  28P01: password authentication failed for user "x"`; the severity may be in another language.
        let parts = text.components(separatedBy: ":  ")
        let last = parts.count > 1 ? parts.last ?? "" : ""
        let state = last.prefix(5)
        let hasState = last.dropFirst(5).hasPrefix(": ") && state.allSatisfy { $0.isUppercase || $0.isNumber }
        return PostgresFailure(
            .connection, sqlState: hasState ? String(state) : "",
            words: hasState ? String(last.dropFirst(7)) : text.trimmingCharacters(in: .whitespaces))
    }

    private static func start(_ parameters: [(keyword: String, value: String)]) -> OpaquePointer? {
        var keywords: [UnsafePointer<CChar>?] = parameters.map { UnsafePointer(strdup($0.keyword)) }
        var values: [UnsafePointer<CChar>?] = parameters.map { UnsafePointer(strdup($0.value)) }
        defer { for text in keywords + values { free(UnsafeMutablePointer(mutating: text)) } }
        keywords.append(nil)
        values.append(nil)
        return PQconnectStartParams(keywords, values, 1)
    }
}
