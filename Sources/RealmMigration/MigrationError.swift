/// What can go wrong while data moves: a code to act on, a sentence for people, and the cause.
///
/// Equality and tests go by the code. The message never holds a secret or a value of a row other than its key.
package struct MigrationError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable, Codable {
        /// The store, the app or the other node cannot be reached or did not answer in time. Try again.
        case unavailable
        /// Something that the preflight would have named: what cannot be moved as it is. Trying again changes nothing.
        case blocked
        /// The two sides differ, or a change did not meet the row it was for. The switch must not happen.
        case differs
        /// Another coordinator, attempt or migration has the tenant's row in this store (amendments H1, H35).
        case overtaken
        /// The schema is not what it was when the migration was prepared (H12).
        case schemaChanged
        /// Whatever is in the way did not end within its budget: the cutover is given up, and may be tried again.
        case inTheWay
        /// The copy must begin anew: its snapshot, slot or cursor is gone (H8).
        case mustRestart
        /// The other side says what it should not.
        case badAnswer
    }

    package let code: Code
    /// What was wrong, where, and what to do.
    package let message: String
    package let cause: (any Error)?

    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package var description: String {
        guard let cause else { return message }
        return "\(message) (\(cause))"
    }
}

/// By the code: what people read may be said otherwise.
extension MigrationError: Equatable {
    package static func == (left: MigrationError, right: MigrationError) -> Bool { left.code == right.code }
}
