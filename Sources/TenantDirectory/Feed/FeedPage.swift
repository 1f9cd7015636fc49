/// A part of the change feed: the last states of the records that changed after a position, in the order of their
/// numbers. Gaps are normal.
package struct FeedPage: Sendable, Equatable {
    package let changes: [FeedChange]
    /// Which transactions took the numbers that the page spans, for who passes the feed on.
    package let history: [FeedPosition]
    /// Where the next page goes on.
    package let position: FeedPosition
    /// Whether there was nothing after it.
    package let isLast: Bool
    /// How long ago the directory itself said all this; zero where it does so now.
    package let contactAge: Duration

    package init(
        changes: [FeedChange], history: [FeedPosition], position: FeedPosition, isLast: Bool, contactAge: Duration
    ) {
        self.changes = changes
        self.history = history
        self.position = position
        self.isLast = isLast
        self.contactAge = contactAge
    }
}

/// One step of the change feed.
package enum FeedChange: Sendable, Equatable {
    case changed(TenantRecord)
    /// What is left of a removed record.
    case removed(TenantID, epoch: Int64, sequence: Int64)

    package var id: TenantID {
        switch self {
        case .changed(let record): record.id
        case .removed(let id, _, _): id
        }
    }

    package var sequence: Int64 {
        switch self {
        case .changed(let record): record.sequence
        case .removed(_, _, let sequence): sequence
        }
    }
}

/// What a source of the feed says to a position.
package enum FeedAnswer: Sendable, Equatable {
    case page(FeedPage)
    /// The source knows no such position: its history was cut, it is behind, or it has forgotten what is so old.
    case cut
}
