/// Who is told about changes.
struct ChangeReaders {
    private var continuations: [Int: AsyncStream<TenantChange>.Continuation] = [:]
    private var next = 0

    mutating func add(_ continuation: AsyncStream<TenantChange>.Continuation) -> Int {
        next += 1
        continuations[next] = continuation
        return next
    }

    mutating func remove(_ id: Int) { continuations[id] = nil }

    /// A reader whose buffer has lost a change is told, behind all that is in it, that it knows nothing for certain.
    func tell(_ change: TenantChange) {
        for continuation in continuations.values {
            if case .dropped = continuation.yield(change) { continuation.yield(.everything) }
        }
    }
}
