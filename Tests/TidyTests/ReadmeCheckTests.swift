import Testing

@Suite("A check of the README")
struct ReadmeCheckTests {
    @Test("finds links that lead nowhere, and leaves addresses and anchors alone")
    func links() {
        let readme = SourceFile(
            "README.md", "[a](config/a.yaml)\n[b](gone.md#part) [c](https://example.com/x) [d](#part)\n")
        let complaints = ReadmeCheck.deadLinks(in: readme) { $0 == "config/a.yaml" }
        #expect(complaints == [Complaint(path: "README.md", line: 2, what: "gone.md is not there")])
    }

    @Test("finds names of the code that it does not tell of")
    func untold() {
        let source = SourceFile("Codes.swift", "case a = \"one-code\"\ncase b = \"two-codes\"\n")
        let readme = SourceFile("README.md", "| 400 | `one-code` | two-codes |\n")
        let complaints = ReadmeCheck.untold("case \\w+ = \"([a-z-]+)\"", of: source, in: readme)
        #expect(complaints == [Complaint(path: "Codes.swift", line: 2, what: "README.md does not tell of `two-codes`")])
    }

    @Test("finds commands that the Makefile does not have, in code alone")
    func targets() {
        let readme = SourceFile("README.md", "    make demo\n`make tea` is hot\nWe make sense\n")
        let makefile = SourceFile("Makefile", "VARIABLE := make\ndemo: packages\n\tswift build\n")
        let complaints = ReadmeCheck.missingTargets(in: readme, makefile: makefile)
        #expect(complaints == [Complaint(path: "README.md", line: 2, what: "the Makefile has no target tea")])
    }
}
