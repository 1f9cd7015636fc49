/// How much of a directory is sealed with one key.
package struct SealingKeyUse: Sendable, Equatable {
    /// As sealed secrets name it: 16 hexadecimal digits of a digest of the key.
    package let id: String
    /// What the configuration calls it; `nil` where this process does not have it.
    package let name: String?
    /// Whether this process seals with it.
    package let isCurrent: Bool
    /// Secrets in force.
    package var secrets = 0
    /// Secrets that were in force before, and still count for a while.
    package var previousSecrets = 0
    /// Secrets of installs that the app has not answered yet.
    package var pendingSecrets = 0

    package var total: Int { secrets + previousSecrets + pendingSecrets }
}
