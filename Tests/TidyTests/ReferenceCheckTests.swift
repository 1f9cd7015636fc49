import Testing

@Suite("A check of the configuration's reference")
struct ReferenceCheckTests {
    private let table = SourceFile(
        "Keys.swift", ".scalar(\"listen.host\", \\.listen.host),\n.list(\n    \"node.regions\",\n    \\.node.regions)\n"
    )

    @Test("finds keys in the table, also where lines are broken")
    func keys() {
        let keys = ReferenceCheck.keys(in: table)
        #expect(keys.map(\.name) == ["listen.host", "node.regions"])
        #expect(keys.map(\.line) == [1, 3])
    }

    @Test("names those that the reference does not tell of")
    func undocumented() {
        let complaints = ReferenceCheck.undocumented(
            in: table, reference: SourceFile("reference.md", "| `listen.host` | … |\n"))
        #expect(
            complaints == [Complaint(path: "Keys.swift", line: 3, what: "reference.md does not tell of `node.regions`")]
        )
    }
}
