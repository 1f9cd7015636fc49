/// What can go wrong with the directory: a code to act on, a sentence for people, and the cause.
///
/// Equality and tests go by the code. The message never holds a secret.
package struct DirectoryError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The store cannot be reached, or did not answer in time.
        case unavailable
        /// A bound on loads or writes under way is reached; try again.
        case busy
        /// The file is not a directory of ours, or is damaged.
        case notADirectory
        /// The schema is newer than this program.
        case newerSchema
        /// The key-encryption key does not open what is stored, or is not to be had.
        case wrongKey
        /// A record breaks a rule: an alias that belongs to another tenant, an epoch that would fall.
        case conflict
        /// There is no such tenant.
        case unknownTenant
        /// A line of an import is not what it should be.
        case badImport
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
