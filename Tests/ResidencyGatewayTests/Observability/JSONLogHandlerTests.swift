import Logging
import RegionRouter
import Testing

@testable import ResidencyGateway

@Suite("A log line")
struct JSONLogHandlerTests {
    @Test("is one JSON object with the message's members, which replace none of its own")
    func line() throws {
        var handler = JSONLogHandler(label: "test", writer: AccessLogWriter(descriptor: -1), now: { 7 })
        handler[metadataKey: "node"] = "eu-1"
        let bytes = handler.line(
            .warning, "odd \"text\"\n", ["level": "mine", "count": "\(3)", "list": ["a"], "inner": ["b": "c"]])
        #expect(bytes.last == UInt8(ascii: "\n"))
        #expect(bytes.count { $0 == UInt8(ascii: "\n") } == 1)
        let line = try #require(JSONValue(bytes))
        #expect(
            line == [
                "event": "log", "time": 7, "level": "warning", "message": "odd \"text\"\n", "node": "eu-1",
                "count": "3", "list": ["a"], "inner": ["b": "c"],
            ])
    }
}
