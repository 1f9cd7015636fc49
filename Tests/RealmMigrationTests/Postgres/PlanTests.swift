import TenantDirectory
import Testing

@testable import RealmMigration

@Suite("What a move is planned by")
struct PlanTests {
    @Test(
        "a sequence goes on past what moved rows have, in its own steps",
        arguments: [(5, 10, 0, 1, 11), (5, 10, 100, 1, 111), (3, 10, 0, 4, 11), (3, 11, 0, 4, 15)])
    func sequence(last: Int64, value: Int64, margin: Int64, step: Int64, next: Int64) {
        #expect(PostgresSide.next(after: last, past: value, margin: margin, step: step) == next)
        #expect(PostgresSide.next(after: 1, past: .max, margin: 5, step: 2) == .max)
    }

    @Test("texts and names in statements cannot end before their end")
    func quoting() {
        #expect(SQLText.literal("a'b\\\0") == "'a''b\\'")
        #expect(SQLText.literal(String?.none) == "NULL")
        #expect(SQLText.name("a\"b") == "\"a\"\"b\"")
        #expect(SQLText.array(["a", "b'"]) == "ARRAY['a', 'b''']::text[]")
    }

    @Test("objects of one directory are not taken for another's")
    func names() {
        let (one, other) = (StoreNames(directory: "a", migration: "m"), StoreNames(directory: "b", migration: "m"))
        #expect(one.directory != other.directory && one.slot != other.slot)
        #expect(one.slot.utf8.count <= 63 && one.trigger("i").utf8.count <= 63 && one.short.hasPrefix(one.directory))
    }

    @Test("keys beyond the bound make a table be compared whole, and what was taken is not taken again")
    func changedKeys() {
        var keys = ChangedKeys()
        keys.add(["X", "1"], of: "public.note")
        keys.add(["X", "1"], of: "public.note")
        #expect(keys.take() == [StoreDigest.Request(table: "public.note", keys: ["[\"X\",\"1\"]"])])
        #expect(keys.take() == [])
        for number in 0...ChangedKeys.limit { keys.add(["\(number)"], of: "public.note") }
        #expect(keys.take() == [StoreDigest.Request(table: "public.note")])
    }
}
