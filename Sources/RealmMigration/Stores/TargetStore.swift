/// The side of an app's store where a tenant arrives. In the order in which a migration calls it; every call can be
/// repeated, and all throw ``MigrationError``.
package protocol TargetStore: Sendable {
    /// Looks, and changes nothing.
    func survey(_ ticket: MoveTicket, mode: MoveMode) async throws(MigrationError) -> StoreSurvey

    /// What the store says of itself and of the tenant's row now; `nil` where it cannot without being claimed.
    func standing(_ ticket: MoveTicket) async throws(MigrationError) -> StoreStanding?

    /// What must not change while data moves, in no time that depends on the tenant's size; `nil` where that is to be
    /// had by a survey alone.
    func schemaState(_ ticket: MoveTicket) async throws(MigrationError) -> StoreSchemaState?

    /// Writes a nonce into the store, or looks what is there; `nil` where the store keeps none.
    func probe(_ ticket: MoveTicket, writing nonce: String?) async throws(MigrationError) -> StoreProbe?

    /// Writes the ticket's authority into the tenant's row, as in the source.
    func claim(_ ticket: MoveTicket) async throws(MigrationError) -> StoreClaim

    /// The tenant's row becomes `arriving`: only this migration writes. Proves that there is no row of the tenant (H2).
    func prepare(_ ticket: MoveTicket, mode: MoveMode) async throws(MigrationError)

    /// Where each lane is; a lane that has not begun is not named.
    func cursors(_ ticket: MoveTicket) async throws(MigrationError) -> [String: String]

    /// Applies a batch and moves the lane's cursor in one transaction. Strict: what does not meet exactly the row it is
    /// for ends the move (H10). A batch that was applied before is answered as it was.
    /// - Returns: the lane's cursor.
    func apply(_ ticket: MoveTicket, _ batch: StoreBatch) async throws(MigrationError) -> String

    func digests(_ ticket: MoveTicket, of requests: [StoreDigest.Request], key: [UInt8])
        async throws(MigrationError) -> [StoreDigest]

    func rowHashes(_ ticket: MoveTicket, of request: StoreDigest.Request, part: Int, key: [UInt8])
        async throws(MigrationError) -> [String: String]

    /// As in the source: equal to what it was, nobody but the mover can have written since. Where it differs every row
    /// is compared before a switch.
    func watchMark(_ ticket: MoveTicket) async throws(MigrationError) -> String

    /// `arriving` becomes `sealed(epoch)`: nothing is applied any more, and everything is on disk (H34).
    /// - Returns: the token that the source's decision names, and that opens.
    func seal(_ ticket: MoveTicket, epoch: Int64) async throws(MigrationError) -> String

    /// `sealed(epoch)` becomes `open(epoch + 1)`: the tenant's writes are welcome. Asked again, it answers the same.
    func open(_ ticket: MoveTicket, epoch: Int64, token: String) async throws(MigrationError)

    /// `sealed` becomes `arriving` again: the cutover was given up. Also where it had not been sealed: what came in the
    /// pause's own lanes is out again, and their cursors are at the beginning, for it changes until the next try.
    func unseal(_ ticket: MoveTicket) async throws(MigrationError)

    /// Takes away what was made for the move, once the tenant's row is `open`; its rows stay. Not in the pause.
    func finish(_ ticket: MoveTicket) async throws(MigrationError)

    /// Deletes what was copied, and all that was made for the move. Refused once the tenant's row is `open`.
    func cleanUp(_ ticket: MoveTicket) async throws(MigrationError)
}

extension TargetStore {
    package func standing(_ ticket: MoveTicket) async throws(MigrationError) -> StoreStanding? { nil }

    package func schemaState(_ ticket: MoveTicket) async throws(MigrationError) -> StoreSchemaState? { nil }

    package func probe(_ ticket: MoveTicket, writing nonce: String?) async throws(MigrationError) -> StoreProbe? {
        nil
    }

    /// A store that the app itself keeps shut.
    package func watchMark(_ ticket: MoveTicket) async throws(MigrationError) -> String { "" }
}
