@testable import RegionRouter

/// A chunked body, whole and in pieces: the same data, the same end, the same fault.
enum ChunkSubject {
    static func take(_ bytes: UnsafeRawBufferPointer) -> CInt {
        guard let first = bytes.first else { return 0 }
        let body = UnsafeRawBufferPointer(rebasing: bytes[1...])
        let whole = read(body, pieces: max(1, body.count))
        rule(whole == read(body, pieces: 1), "a body is the same byte by byte")
        rule(whole == read(body, pieces: Int(first % 31) + 1), "a body is the same in pieces")
        return 0
    }

    private struct Outcome: Equatable {
        var data: [UInt8] = []
        var fault: ChunkedScanner.Fault?
        /// Where what follows the body begins.
        var end: Int?
    }

    private static func read(_ body: UnsafeRawBufferPointer, pieces: Int) -> Outcome {
        var scanner = ChunkedScanner(maxLineBytes: 64, maxTrailerBytes: 128)
        var outcome = Outcome()
        var start = 0
        while start < body.count {
            let piece = UnsafeRawBufferPointer(rebasing: body[start..<min(start + pieces, body.count)])
            var offset = 0
            reading: while true {
                do throws(ChunkedScanner.Fault) {
                    switch try scanner.next(piece, from: &offset) {
                    case .data(let range):
                        rule(!range.isEmpty && range.upperBound <= piece.count, "data lies in what was given")
                        outcome.data += Array(piece[range])
                    case .needMore:
                        rule(offset == piece.count, "all that was given is taken")
                        break reading
                    case .end:
                        outcome.end = start + offset
                        return outcome
                    }
                } catch {
                    outcome.fault = error
                    return outcome
                }
            }
            start += piece.count
        }
        return outcome
    }
}
