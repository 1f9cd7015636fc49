package import TenantDirectory

/// The way to a node that reaches the stores of a region.
package protocol StoreLink: Sendable {
    /// Asks one node of the region.
    /// - Returns: what it answered.
    /// - Throws: `.unavailable` where none does.
    func ask(_ region: Region, _ call: StoreCall) async throws(MigrationError) -> StoreAnswerFrame
}
