/// A part of what moves from one side of a store to the other, small enough to be one message, and applied in one
/// transaction together with the cursor: exactly once, whatever is repeated.
package struct StoreBatch: Sendable, Equatable {
    /// The stream it belongs to, each with a cursor of its own: a table's copy, or ``changesLane``.
    package static let changesLane = "changes"
    /// Bytes of a payload, at most, unless a single row is larger.
    package static let targetBytes = 1 << 20

    package var lane: String
    /// The cursor that the target must be at. Empty at the beginning.
    package var before: String
    /// Where it is when this has been applied.
    package var after: String
    /// Nothing follows in this lane: the table's copy is at its end, or the changes have reached the marker.
    package var isLast: Bool
    package var rows: Int64
    /// What the mover has written; nobody else reads it.
    package var payload: [UInt8]

    package init(lane: String, before: String, after: String, isLast: Bool, rows: Int64, payload: [UInt8]) {
        self.lane = lane
        self.before = before
        self.after = after
        self.isLast = isLast
        self.rows = rows
        self.payload = payload
    }
}
