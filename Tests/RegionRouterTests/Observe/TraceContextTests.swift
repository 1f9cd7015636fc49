import Testing

@testable import RegionRouter

@Suite("The trace of a request")
struct TraceContextTests {
    private static let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    private static func written(_ value: String) -> String {
        var random = RandomBits()
        let bytes = Array(value.utf8)
        var room = [UInt8](repeating: 0, count: 256)
        let count = bytes.withUnsafeBytes { given in
            room.withUnsafeMutableBytes { room in
                var writer = HeadWriter(room)
                TraceContext(given: 0..<given.count, in: given, random: &random).write(to: &writer, given)
                return writer.count
            }
        }
        return String(decoding: room[..<count], as: UTF8.self)
    }

    @Test(
        "is kept when it is well formed",
        arguments: [good, "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"])
    func kept(value: String) {
        #expect(Self.written(value) == value)
    }

    @Test(
        "is made anew when it is not",
        arguments: [
            "", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", good + "-more", good + " ",
        ])
    func made(value: String) {
        let made = Self.written(value)
        #expect(made != value)
        #expect(Array(made.utf8).withUnsafeBytes { TraceContext.isWellFormed($0, 0..<$0.count) })
    }
}
