import Testing

@testable import RegionRouter

@Suite("The end of a WebSocket's frames")
struct FrameBoundaryTests {
    private static func frame(_ length: Int, masked: Bool = false) -> [UInt8] {
        var bytes: [UInt8] = [0x82]
        let mask: UInt8 = masked ? 0x80 : 0
        switch length {
        case ..<126: bytes.append(mask | UInt8(length))
        case ..<65_536: bytes += [mask | 126, UInt8(length >> 8), UInt8(length & 0xFF)]
        default: bytes += [mask | 127] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) }
        }
        return bytes + [UInt8](repeating: 0x55, count: masked ? 4 : 0) + [UInt8](repeating: 0x81, count: length)
    }

    @Test("is found whatever the length, and however the bytes are cut", arguments: [0, 1, 125, 126, 65_535, 70_000])
    func lengths(_ length: Int) {
        for masked in [false, true] {
            let bytes = Self.frame(length, masked: masked) + Self.frame(3)
            for piece in [1, 2, 3, 7, bytes.count] {
                var boundary = FrameBoundary()
                var ends: [Int] = []
                for start in stride(from: 0, to: bytes.count, by: piece) {
                    let part = Array(bytes[start..<min(start + piece, bytes.count)])
                    #expect(part.withUnsafeBytes { boundary.follow($0, stopsAtEnd: false) } == part.count)
                    if boundary.isBetweenFrames { ends.append(start + part.count) }
                }
                #expect(ends.last == bytes.count)
                if piece == 1 { #expect(ends == [bytes.count - 5, bytes.count]) }
            }
        }
    }

    @Test("is where the following stops when it is told to, with the rest left over")
    func stops() {
        let bytes = Self.frame(200) + Self.frame(3)
        var boundary = FrameBoundary()
        #expect(bytes[..<50].withUnsafeBytes { boundary.follow($0, stopsAtEnd: false) } == 50)
        #expect(bytes[50...].withUnsafeBytes { boundary.follow($0, stopsAtEnd: true) } == 204 - 50)
        #expect(boundary.isBetweenFrames)
        #expect(bytes.withUnsafeBytes { boundary.follow($0, stopsAtEnd: true) } == 0)
    }

    @Test("does not come of a length that no frame can have")
    func absurd() {
        var boundary = FrameBoundary()
        let bytes: [UInt8] = [0x82, 127] + [UInt8](repeating: 0xFF, count: 8) + [1, 2, 3]
        #expect(bytes.withUnsafeBytes { boundary.follow($0, stopsAtEnd: false) } == bytes.count)
        #expect(!boundary.isBetweenFrames)
    }
}
