/// How far a migration is, as its record keeps it: for people who watch, for the receipt, and for whoever takes over.
package struct MigrationProgress: Sendable, Codable, Equatable {
    package struct Lane: Sendable, Codable, Equatable {
        package var name: String
        /// Copied so far: exact.
        package var rows: Int64 = 0
        package var bytes: Int64 = 0
        /// Estimated before.
        package var expectedRows: Int64
        package var expectedBytes: Int64
        package var isDone = false

        package init(name: String, expectedRows: Int64, expectedBytes: Int64) {
            self.name = name
            self.expectedRows = expectedRows
            self.expectedBytes = expectedBytes
        }
    }

    package struct Store: Sendable, Codable, Equatable {
        package var name: String
        package var kind: StoreSet.Kind
        /// Why it is not moved.
        package var reason = ""
        /// Both regions use one and the same: nothing is copied, fenced or purged.
        package var isShared = false
        /// It refuses the tenant's writes by itself.
        package var hasFence = false
        package var sourceID = ""
        package var targetID = ""
        package var schemaFingerprint = ""
        /// By region: ids of the stores as they were when the move was prepared, which history each server had, and
        /// what each side needs of its schema for itself. Regions of stores that do not say it are not in it.
        package var ids: [String: String]?
        package var histories: [String: String]?
        package var ownSchemas: [String: String]?
        /// The region that the data left when these were noted.
        package var notedFrom: String?
        package var lanes: [Lane] = []
        /// Changes that have followed the copy, in rows.
        package var changedRows: Int64 = 0
        package var lagBytes: Int64 = 0
        /// Where the log of changes stood in the pause: the marker.
        package var position = ""
        /// What was compared, and equal on both sides.
        package var verified: [StoreDigest] = []
        /// Rows whose changes were compared again.
        package var verifiedChanges: Int64 = 0

        /// Nothing of a gateway's has been written into one of the two yet.
        var hasNoID: Bool { kind != .none && (sourceID.isEmpty || targetID.isEmpty) }

        package init(name: String, kind: StoreSet.Kind) {
            self.name = name
            self.kind = kind
        }
    }

    package var memo = MigrationMemo()
    package var stores: [Store] = []
    /// How long the last round took to follow, which is about what the pause will be; milliseconds.
    package var expectedPause: Int64?
    /// From the gate to the switch; milliseconds.
    package var pause: Int64?
    /// Of a move that is not live: when the tenant's writes were stopped, in milliseconds since 1970, and for how many
    /// milliseconds they had been when it was switched.
    package var writesStoppedAt: Int64?
    package var writesStopped: Int64?
    /// Nodes that had not acknowledged, and were passed over.
    package var passedOver: [String] = []
    /// Epoch of the hold that was switched.
    package var epoch: Int64?
    /// Epoch of the last fence that was raised, as far as it was written.
    package var fenced: Int64?
    /// When each phase was first reached; milliseconds since 1970.
    package var reached: [String: Int64] = [:]

    package init() {}

    package subscript(store: String) -> Store? { stores.first { $0.name == store } }

    mutating func update(_ store: String, _ body: (inout Store) -> Void) {
        guard let index = stores.firstIndex(where: { $0.name == store }) else { return }
        body(&stores[index])
    }

    /// Copied, of what was expected: for a progress bar. What was underestimated counts as done at its end alone.
    package var copied: (done: Int64, total: Int64) {
        var (done, total): (Int64, Int64) = (0, 0)
        for lane in stores.flatMap(\.lanes) {
            done += lane.bytes
            total += lane.isDone ? lane.bytes : max(lane.expectedBytes, lane.bytes)
        }
        return (done, total)
    }
}
