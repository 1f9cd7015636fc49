/// The steps in which the host drives the migration of a tenant's data (connect-protocol §2.3), by the last segment of
/// their paths.
package enum MigrationStep: String, Sendable, CaseIterable {
    case schedule, start, status, commit, rollback

    /// Only `status` is asked with `GET`.
    package var method: String { self == .status ? "GET" : "POST" }
}
