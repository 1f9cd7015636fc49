/// What went wrong with a connection or a statement, before it is known what that means for the call.
struct PostgresFailure: Error, Sendable, CustomStringConvertible {
    enum Kind: Sendable, Equatable {
        /// No connection was made.
        case unreachable
        /// A connection that had been made broke; whatever was not committed is undone.
        case connection
        /// The server did not answer in time, and the connection was given up.
        case silence
        /// The server refused a statement.
        case statement
        /// The connection broke while the transaction was being committed: whether it was is not known.
        case commit
    }

    let kind: Kind
    /// Five characters; empty where the server said nothing.
    let sqlState: String
    /// libpq's or the server's own words about a connection. Empty for statements, whose texts may hold values.
    let words: String

    init(_ kind: Kind, sqlState: String = "", words: String = "") {
        self.kind = kind
        self.sqlState = sqlState
        self.words = words
    }

    /// Whether the whole transaction may be tried again, because nothing of it was written and the reason may be gone:
    /// others were writing the same rows, or the connection was one that had died unseen.
    var isRepeatable: Bool {
        switch kind {
        case .connection: true
        case .statement: ["40001", "40P01", "23505"].contains(sqlState)
        case .unreachable, .silence, .commit: false
        }
    }

    /// Whether the server has ended the session: because a transaction stood still, or because it stops or starts.
    var endsSession: Bool { ["25P03", "57P01", "57P02", "57P03"].contains(sqlState) }

    var description: String {
        let state = sqlState.isEmpty ? "" : "SQLSTATE \(sqlState)"
        return [state, words].filter { !$0.isEmpty }.joined(separator: ": ")
    }

    /// libpq gives no code for it.
    private var isAboutTLS: Bool { ["certificate", "SSL", "TLS"].contains { words.contains($0) } }

    /// - Parameter name: of the directory.
    func directoryError(_ name: String) -> DirectoryError {
        let (code, message) = meaning(name)
        return DirectoryError(code, message, cause: description.isEmpty ? nil : self)
    }

    private func meaning(_ name: String) -> (DirectoryError.Code, String) {
        switch kind {
        case .commit:
            return (
                .unavailable,
                "The connection to the directory \(name) broke while a change was written: it may have been. Repeat it."
            )
        case .silence:
            return (.unavailable, "The directory \(name) did not answer in time, and its connection was given up.")
        case .unreachable, .connection, .statement: break
        }
        // libpq gives no code for a password that it has not got.
        let lacksPassword = kind != .statement && words.contains("no password supplied")
        switch lacksPassword ? "28" : sqlState.prefix(2) {
        case "28":
            return (
                .unavailable,
                "The directory \(name) refuses the user or the password. Give them by the URL in "
                    + "RESIDENCY_DIRECTORY_URL, PGPASSWORD or PGPASSFILE, and look at the server's pg_hba.conf."
            )
        case "3D":
            return (
                .unavailable,
                "The directory \(name) is not there: the server has no such database. Make it with `createdb`, or "
                    + "correct directory.url."
            )
        case "42": return schemaMeaning(name)
        case "40":
            return (
                .busy, "Others kept changing the same records of the directory \(name). Try again in a moment."
            )
        case "23": return (.conflict, "The directory \(name) refused a record that breaks its rules.")
        case "53":
            return (
                .unavailable,
                "The server of the directory \(name) is out of connections, memory or disk. Give it more, or lower "
                    + "directory.poolSize of its nodes."
            )
        default: return otherMeaning(name)
        }
    }

    private func schemaMeaning(_ name: String) -> (DirectoryError.Code, String) {
        switch sqlState {
        case "42501":
            (
                .unavailable,
                "The user may not do in the directory \(name) what it needs: make tables in its schema (the first "
                    + "start), and read and write them. Grant it that, or let its owner start the gateway once."
            )
        case "42P07":
            (
                .notADirectory,
                "The database \(name) has tables of other makers under the directory's names. Give the directory a "
                    + "database of its own."
            )
        default:
            (
                .notADirectory,
                "The directory \(name) is damaged: tables or columns of its are not there. Restore it from a backup."
            )
        }
    }

    private func otherMeaning(_ name: String) -> (DirectoryError.Code, String) {
        switch sqlState {
        case "25006":
            (
                .unavailable,
                "The directory \(name) is read-only: it is a standby. Name the primary in directory.url, or all of "
                    + "them with target_session_attrs=read-write."
            )
        case "55P03":
            (
                .busy,
                "Another process holds records of the directory \(name) for longer than a call may wait. Try again."
            )
        case "57014":
            (.unavailable, "The directory \(name) took longer over a statement than directory.statementTimeout.")
        case "57P01", "57P02", "57P03":
            (.unavailable, "The server of the directory \(name) is stopping or starting. Try again in a moment.")
        case "22021", "22P05":
            (.conflict, "The directory \(name) refused a text: its encoding must be UTF8.")
        case "" where kind != .statement && isAboutTLS:
            (
                .unavailable,
                "The TLS of the directory \(name) does not fit. Its certificate must be by an authority in "
                    + "sslrootcert, for the host that directory.url names, and in its time; the server must speak TLS "
                    + "at all, or sslmode in directory.url say that it need not."
            )
        default:
            (
                .unavailable,
                kind != .statement
                    ? "The directory \(name) cannot be reached. Start its server, or correct directory.url."
                    : "The directory \(name) did not do what it was asked."
            )
        }
    }
}
