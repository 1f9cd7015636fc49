/// One call on its way to the loop, and who waits for it.
struct OutboundTransfer: Sendable {
    typealias Outcome = Result<OutboundResponse, OutboundError>

    let id: OutboundQueue.ID
    let request: OutboundRequest
    private let continuation: CheckedContinuation<Outcome, Never>

    init(id: OutboundQueue.ID, request: OutboundRequest, continuation: CheckedContinuation<Outcome, Never>) {
        self.id = id
        self.request = request
        self.continuation = continuation
    }

    var origin: String { request.origin }

    /// Answers the caller; called once.
    func finish(_ outcome: Outcome) { continuation.resume(returning: outcome) }
}
