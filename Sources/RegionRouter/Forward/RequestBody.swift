import NIOCore

/// The body of a request as it comes in: where it ends, how much there may be of it. Gives out its data without any
/// framing.
struct RequestBody {
    private enum Framing {
        case ended
        case length(Int)
        case chunked(ChunkedScanner)
    }

    private var framing: Framing
    private let maxBytes: Int
    /// Bytes of data so far.
    private(set) var received = 0

    /// - Throws: `bodyTooLarge` for a length past the limit.
    init(_ framing: RequestHead.Framing, limits: HTTPLimits, maxBytes: Int) throws(RouterError) {
        self.maxBytes = maxBytes
        switch framing {
        case .none, .length(0): self.framing = .ended
        case .length(let length):
            guard length <= maxBytes else { throw Self.tooLarge(maxBytes) }
            self.framing = .length(length)
        case .chunked: self.framing = .chunked(ChunkedScanner(maxLineBytes: limits.chunkLineBytes))
        }
    }

    /// Of a request without one.
    init() {
        framing = .ended
        maxBytes = 0
    }

    var hasEnded: Bool { if case .ended = framing { true } else { false } }

    /// What is still to come, where that is known.
    var remaining: Int? {
        switch framing {
        case .ended: 0
        case .length(let remaining): remaining
        case .chunked: nil
        }
    }

    /// The next data of the body in `input`; `nil` when more must come first, or the body has ended.
    /// - Throws: `badRequest` for broken chunks, `bodyTooLarge` past the limit.
    mutating func take(_ input: inout ByteBuffer) throws(RouterError) -> ByteBuffer? {
        switch framing {
        case .ended:
            return nil
        case .length(let remaining):
            let count = min(remaining, input.readableBytes)
            guard count > 0 else { return nil }
            let data: ByteBuffer?
            if count == input.readableBytes {
                data = input
                input = ByteBuffer()
            } else {
                data = input.readSlice(length: count)
            }
            received += count
            framing = count == remaining ? .ended : .length(remaining - count)
            return data
        case .chunked(var scanner):
            defer { if case .chunked = framing { framing = .chunked(scanner) } }
            return try take(&scanner, &input)
        }
    }

    private mutating func take(
        _ scanner: inout ChunkedScanner, _ input: inout ByteBuffer
    ) throws(RouterError) -> ByteBuffer? {
        var offset = 0
        let result = input.withUnsafeReadableBytes { bytes -> Result<ChunkedScanner.Step, ChunkedScanner.Fault> in
            do throws(ChunkedScanner.Fault) { return .success(try scanner.next(bytes, from: &offset)) } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(.data(let range)):
            received += range.count
            guard received <= maxBytes else { throw Self.tooLarge(maxBytes) }
            input.moveReaderIndex(forwardBy: range.lowerBound)
            let data = input.readSlice(length: range.count)
            // The end may already be there; then the request has ended with this data.
            if scannerEnds(&scanner, &input) { framing = .ended }
            return data
        case .success(.needMore):
            input.moveReaderIndex(forwardBy: offset)
            return nil
        case .success(.end):
            input.moveReaderIndex(forwardBy: offset)
            framing = .ended
            return nil
        case .failure(let fault):
            throw RouterError(.badRequest, "The chunked body is malformed (\(fault)).")
        }
    }

    /// Takes the line ends and trailers that follow, without touching the next data.
    private func scannerEnds(_ scanner: inout ChunkedScanner, _ input: inout ByteBuffer) -> Bool {
        var copy = scanner
        var offset = 0
        let step = input.withUnsafeReadableBytes { bytes in try? copy.next(bytes, from: &offset) }
        guard step == .end else { return false }
        scanner = copy
        input.moveReaderIndex(forwardBy: offset)
        return true
    }

    private static func tooLarge(_ maxBytes: Int) -> RouterError {
        RouterError(.bodyTooLarge, "The body is larger than \(maxBytes) bytes.")
    }
}
