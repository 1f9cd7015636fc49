import Testing

@Suite("The scanner of Swift")
struct SwiftScannerTests {
    @Test(
        "leaves comments out and reduces strings",
        arguments: [
            ("a /* b /* c */ d */ e // f", ["a", "e"]),
            (#"x = "a\"b" + y"#, ["x", "=", "\"\"", "+", "y"]),
            (##"#"a"b\"# z"##, ["\"\"", "z"]),
            (#""\(f("x)"))" z"#, ["\"\"", "z"]),
            ("\"\"\"\n \"quoted\" // no comment\n\"\"\" z", ["\"\"", "z"]),
            ("#if DEBUG", ["#", "if", "DEBUG"]),
        ])
    func tokens(text: String, expected: [String]) {
        #expect(SwiftScanner.tokens(of: text).map(\.text) == expected)
    }

    @Test("counts lines through comments and strings")
    func lines() {
        let tokens = SwiftScanner.tokens(of: "/*\n*/ a\n\"\"\"\nx\n\"\"\"\nb")
        #expect(tokens.map(\.line) == [2, 3, 6])
    }
}
