import Testing

@testable import ResidencyGateway

@Suite("What commands print")
struct TextTableTests {
    @Test("has columns as wide as their widest entry")
    func table() {
        var table = TextTable(["A", "LONGER", "C"])
        table.add(["one", "2", "three"])
        table.add(["1", "two and more", ""])
        #expect(
            table.lines(style: TerminalStyle(isColoured: false)) == [
                "A    LONGER        C", "one  2             three", "1    two and more  ",
            ])
    }

    @Test("shows how far it is")
    func progress() {
        let bar = ProgressBar(total: 200, what: "tenants", isShown: false)
        #expect(bar.line(0).hasSuffix(" 0 %  0 of 200 tenants"))
        #expect(bar.line(100).contains(" 50 %  100 of 200 tenants"))
        #expect(!bar.line(100).hasPrefix("░"))
        #expect(!bar.line(200).contains("░"))
        #expect(bar.line(300).contains("100 %"))
        #expect(ProgressBar(total: 0, what: "tenants", isShown: false).line(0).contains("100 %"))
    }

    @Test("is coloured on a terminal alone")
    func style() {
        #expect(TerminalStyle(isColoured: false).region("EU") == "EU")
        #expect(TerminalStyle(isColoured: true).region("EU").contains("\u{1B}["))
    }
}
