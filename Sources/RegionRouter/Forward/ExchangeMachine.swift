/// One request and its answer, as far as it decides what becomes of the two connections. Pure; ``Exchange`` runs it.
///
/// An exchange is over when both sides have ended. A side that breaks decides by what the app may already have done:
/// nothing that an app could have acted on is ever sent twice.
struct ExchangeMachine: Equatable {
    enum Action: Equatable {
        case none
        /// Both sides have ended well: the app connection is free, the client's takes the next request.
        case finish
        /// The app answered before it had the whole request: its connection is closed, the rest of the body is read
        /// from the client and dropped.
        case discardRequest
        /// The client is gone and the app may be working: read the answer to its end and drop it.
        case drainResponse
        /// The client is gone, and nothing is lost by stopping: close the app connection.
        case cancel
        /// The app is gone before any byte of the answer, on a connection that was used before, for a request that can
        /// be sent again: send it on another connection.
        case retry
        /// The app is gone before any byte of the answer: 502.
        case answerBadGateway
        /// The app is gone in the middle of the answer: the client's connection is closed, so that a cut body is never
        /// taken for a whole one.
        case closeClient
        /// The app took too long before the first byte: 504. The app may be working: its connection is drained.
        case answerTimeout
    }

    private(set) var requestEnded: Bool
    private(set) var responseStarted = false
    private(set) var responseEnded = false
    private(set) var clientGone = false
    private var isOver = false
    let isSafe: Bool
    /// Idempotent and without a body (RFC 9110 §9.2.2).
    let canRepeat: Bool
    private var hasRepeated = false

    init(isSafe: Bool, canRepeat: Bool, hasBody: Bool) {
        self.isSafe = isSafe
        self.canRepeat = canRepeat && !hasBody
        self.requestEnded = !hasBody
    }

    mutating func requestDidEnd() -> Action {
        requestEnded = true
        return finishIfBothEnded()
    }

    mutating func responseDidStart() { responseStarted = true }

    mutating func responseDidEnd() -> Action {
        responseStarted = true
        responseEnded = true
        guard requestEnded else {
            isOver = true
            return clientGone ? .cancel : .discardRequest
        }
        return finishIfBothEnded()
    }

    mutating func clientDidLeave() -> Action {
        guard !isOver, !clientGone else { return .none }
        clientGone = true
        // Without its whole body the app cannot answer it; a safe one changed nothing.
        guard requestEnded, !isSafe else {
            isOver = true
            return .cancel
        }
        return .drainResponse
    }

    /// - Parameter wasReused: the connection had carried another exchange before, so that the app may have closed it
    ///   while it was idle.
    mutating func appDidLeave(wasReused: Bool) -> Action {
        guard !isOver else { return .none }
        if !responseStarted, wasReused, canRepeat, !hasRepeated, !clientGone {
            hasRepeated = true
            return .retry
        }
        isOver = true
        if clientGone { return .none }
        return responseStarted ? .closeClient : .answerBadGateway
    }

    /// The app has not sent anything for too long.
    mutating func appDidTimeOut() -> Action {
        guard !isOver else { return .none }
        if clientGone || responseStarted {
            isOver = true
            return clientGone ? .cancel : .closeClient
        }
        clientGone = true
        return .answerTimeout
    }

    private mutating func finishIfBothEnded() -> Action {
        guard requestEnded, responseEnded, !isOver else { return .none }
        isOver = true
        return .finish
    }
}
