import NIOCore

/// The body of a response on its way to the client: where it ends, and in which form it goes on.
struct ResponseBody {
    private enum Framing {
        case ended
        case length(Int)
        case chunked(ChunkedScanner)
        case close
    }

    enum Outcome {
        case needMore
        case end
        case fault(String)
    }

    private var framing: Framing
    /// The client gets it in chunks.
    let isReframed: Bool

    /// - Parameter client: `nil` for one that has left; the body is then only read.
    init(_ framing: ResponseHead.Framing, client: ClientConnection?, limits: HTTPLimits) {
        switch framing {
        case .none, .length(0): self.framing = .ended
        case .length(let length): self.framing = .length(length)
        case .chunked: self.framing = .chunked(ChunkedScanner(maxLineBytes: limits.chunkLineBytes))
        case .close: self.framing = .close
        }
        let endsByItself = framing == .chunked || framing == .close
        isReframed = endsByItself && client?.takesChunks == true
    }

    /// Takes what has come, and hands the client its part.
    mutating func take(_ input: inout ByteBuffer, to client: ClientConnection?) -> Outcome {
        switch framing {
        case .ended:
            return .end
        case .length(let remaining):
            return takeLength(remaining, &input, to: client)
        case .close:
            var all = input
            input = ByteBuffer()
            if all.readableBytes > 0 { pass(&all, to: client) }
            return .needMore
        case .chunked(var scanner):
            let outcome = takeChunks(&scanner, &input, to: client)
            framing = .chunked(scanner)
            return outcome
        }
    }

    private mutating func takeLength(_ remaining: Int, _ input: inout ByteBuffer, to client: ClientConnection?)
        -> Outcome
    {
        if input.readableBytes <= remaining {
            let left = remaining - input.readableBytes
            var all = input
            input = ByteBuffer()
            if all.readableBytes > 0 { client?.relay(&all, flush: false) }
            framing = left == 0 ? .ended : .length(left)
            return left == 0 ? .end : .needMore
        }
        if var part = input.readSlice(length: remaining) { client?.relay(&part, flush: false) }
        framing = .ended
        return .end
    }

    private func takeChunks(
        _ scanner: inout ChunkedScanner, _ input: inout ByteBuffer, to client: ClientConnection?
    ) -> Outcome {
        while true {
            var offset = 0
            let step = input.withUnsafeReadableBytes { bytes -> Result<ChunkedScanner.Step, ChunkedScanner.Fault> in
                do throws(ChunkedScanner.Fault) { return .success(try scanner.next(bytes, from: &offset)) } catch {
                    return .failure(error)
                }
            }
            switch step {
            case .success(.data(let range)):
                input.moveReaderIndex(forwardBy: range.lowerBound)
                if var data = input.readSlice(length: range.count) { pass(&data, to: client) }
            case .success(.needMore):
                input = ByteBuffer()
                return .needMore
            case .success(.end):
                input.moveReaderIndex(forwardBy: offset)
                client?.relayEnd(chunked: isReframed)
                return .end
            case .failure(let fault):
                return .fault("its chunked body is malformed (\(fault)).")
            }
        }
    }

    private func pass(_ data: inout ByteBuffer, to client: ClientConnection?) {
        guard let client else { return }
        if isReframed { client.relayChunk(&data) } else { client.relay(&data, flush: false) }
    }

    /// - Returns: whether the connection's end is the body's.
    mutating func connectionEnded() -> Bool {
        guard case .close = framing else { return false }
        framing = .ended
        return true
    }
}
