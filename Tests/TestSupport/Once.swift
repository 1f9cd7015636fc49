import Synchronization

/// Says to the first who asks that it is the first.
package final class Once: Sendable {
    private let isTaken = Atomic(false)

    package init() {}

    package func first() -> Bool { !isTaken.exchange(true, ordering: .relaxed) }
}
