import Testing

@testable import RealmMigration

@Suite("A message of the replication stream")
struct LogMessageTests {
    struct Sample: Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: [UInt8]
        let message: LogMessage

        var testDescription: String { name }
    }

    private static func big(_ value: UInt64, _ size: Int) -> [UInt8] {
        (0..<size).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    private static func text(_ text: String) -> [UInt8] { Array(text.utf8) + [0] }

    private static func row(_ values: [String?]) -> [UInt8] {
        big(UInt64(values.count), 2)
            + values.flatMap { value -> [UInt8] in
                guard let value else { return [UInt8(ascii: "n")] }
                return value == "unchanged"
                    ? [UInt8(ascii: "u")] : [UInt8(ascii: "t")] + big(UInt64(value.utf8.count), 4) + Array(value.utf8)
            }
    }

    static let samples: [Sample] = [
        Sample(
            name: "begin", bytes: Array("B".utf8) + big(0x1_0000_00FF, 8) + big(0, 8) + big(7, 4),
            message: .begin(commit: LogPosition(0x1_0000_00FF))),
        Sample(
            name: "commit", bytes: Array("C".utf8) + [0] + big(1, 8) + big(2, 8) + big(0, 8),
            message: .commit(commit: LogPosition(1), end: LogPosition(2))),
        Sample(
            name: "relation",
            bytes: Array("R".utf8) + big(16_384, 4) + text("public") + text("Mixed \"Case\"") + Array("f".utf8)
                + big(2, 2) + [1] + text("id") + big(20, 4) + big(0xFFFF_FFFF, 4) + [0] + text("é") + big(25, 4)
                + big(0xFFFF_FFFF, 4),
            message: .relation(
                LogMessage.Relation(
                    id: 16_384, schema: "public", name: "Mixed \"Case\"", replicaIdentity: "f",
                    columns: [.init(isKey: true, name: "id"), .init(isKey: false, name: "é")]))),
        Sample(
            name: "insert", bytes: Array("I".utf8) + big(1, 4) + Array("N".utf8) + row(["1", nil, "unchanged", ""]),
            message: .insert(relation: 1, new: [.text("1"), .null, .unchanged, .text("")])),
        Sample(
            name: "update without an old row", bytes: Array("U".utf8) + big(1, 4) + Array("N".utf8) + row(["1"]),
            message: .update(relation: 1, old: nil, new: [.text("1")])),
        Sample(
            name: "update of a key",
            bytes: Array("U".utf8) + big(1, 4) + Array("K".utf8) + row(["1"]) + Array("N".utf8) + row(["2"]),
            message: .update(relation: 1, old: [.text("1")], new: [.text("2")])),
        Sample(
            name: "delete", bytes: Array("D".utf8) + big(1, 4) + Array("O".utf8) + row(["1", nil]),
            message: .delete(relation: 1, old: [.text("1"), .null])),
        Sample(
            name: "truncate", bytes: Array("T".utf8) + big(2, 4) + [0] + big(1, 4) + big(2, 4),
            message: .truncate(relations: [1, 2])),
        Sample(
            name: "message",
            bytes: Array("M".utf8) + [1] + big(9, 8) + text("residency.marker") + big(2, 4) + Array("ab".utf8),
            message: .message(isTransactional: true, prefix: "residency.marker", content: Array("ab".utf8))),
        Sample(name: "type", bytes: Array("Y".utf8) + big(1, 4) + text("public") + text("mood"), message: .other),
    ]

    @Test("is read as what it says", arguments: samples)
    func read(sample: Sample) throws {
        #expect(try LogMessage(sample.bytes) == sample.message)
    }

    @Test("cut off anywhere is refused, and never read past its end", arguments: samples)
    func cut(sample: Sample) {
        // Times, transaction numbers and names of types are not looked at.
        let ignored = ["begin": 12, "commit": 8, "type": sample.bytes.count - 1][sample.name] ?? 0
        for count in 0..<(sample.bytes.count - ignored) {
            #expect(throws: MigrationError.self, "\(count)") { try LogMessage(Array(sample.bytes.prefix(count))) }
        }
    }

    @Test("a cursor says what was applied of a transaction", arguments: ["", "16/B374D848", "0/10+500"])
    func cursor(text: String) throws {
        let cursor = try #require(ChangeCursor(text))
        #expect(cursor.description == text)
        #expect(cursor.applied(of: LogPosition(cursor.position.value + 1)) == 0)
        #expect(cursor.applied(of: cursor.position) == cursor.changes ?? 0)
        if cursor.position.value > 0 { #expect(cursor.applied(of: LogPosition(cursor.position.value - 1)) == nil) }
    }

    @Test("what is no cursor is none", arguments: ["x", "1", "1/2/3", "1/2+", "1/2+-1", "1/2+3+4", "1/G"])
    func noCursor(text: String) { #expect(ChangeCursor(text) == nil) }
}
