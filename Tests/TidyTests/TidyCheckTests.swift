import Testing

/// A check that cannot fail is worth nothing: each is shown a file that breaks its rule and one that keeps it.
@Suite("A check of taste")
struct TidyCheckTests {
    struct Sample: Sendable, CustomTestStringConvertible {
        let check: TidyCheck
        let path: String
        let text: String
        /// The lines complained about.
        let lines: [Int]

        init(_ check: TidyCheck, _ text: String, at path: String = "Sources/RegionRouter/Sample.swift", lines: [Int]) {
            self.check = check
            self.path = path
            self.text = text
            self.lines = lines
        }

        var testDescription: String { "\(check.rule): \(text.prefix(60))" }
    }

    @Test("complains about what breaks its rule and about nothing else", arguments: samples)
    func complains(sample: Sample) {
        let complaints = sample.check.find(SourceFile(sample.path, sample.text))
        #expect(complaints.map(\.line) == sample.lines)
    }

    static let samples = size + safety + arrows + text

    private static func function(lines: Int) -> String {
        "func f() {\n" + String(repeating: "    g()\n", count: lines - 2) + "}\n"
    }

    private static let size: [Sample] = [
        Sample(.fileLength, String(repeating: "\n", count: 500), lines: []),
        Sample(.fileLength, String(repeating: "\n", count: 501), lines: [501]),
        Sample(.functionLength, function(lines: 70), lines: []),
        Sample(.functionLength, "\n" + function(lines: 71), lines: [2]),
        Sample(.functionLength, "struct A {\n    init() {\n" + function(lines: 71) + "    }\n}\n", lines: [2, 3]),
        Sample(.functionLength, "protocol P {\n    func f()\n}\n" + function(lines: 69), lines: []),
        Sample(
            .functionLength, "func f(a: () -> Void = {}) async throws -> [Int] {\n" + function(lines: 70), lines: []),
        Sample(.lineWidth, String(repeating: "é", count: 120) + "\n", lines: []),
        Sample(.lineWidth, "\n" + String(repeating: "a", count: 121) + "\n", lines: [2]),
        Sample(.lineWidth, "let a = \"" + String(repeating: "a", count: 120) + "\"\n", lines: [1]),
        Sample(.lineWidth, "\"" + String(repeating: "a", count: 140) + "\"\n", at: "Tests/A/ATests.swift", lines: []),
        Sample(.lineWidth, "\"" + String(repeating: "a", count: 150) + "\"\n", at: "Tests/A/ATests.swift", lines: [1]),
        Sample(.oneType, "struct Other {}\n", lines: [1]),
        Sample(.oneType, "extension Outer.Sample {}\n", lines: []),
        Sample(.oneType, "extension Sample {}\n", at: "Sources/RegionRouter/Samples.swift", lines: []),
        Sample(.oneType, "struct Sample {}\n", at: "Sources/RegionRouter/Sample+More.swift", lines: []),
        Sample(
            .oneType, "struct Sample {}\nstruct Big {\n" + String(repeating: "\n", count: 80) + "}\n", lines: [2]),
        Sample(.oneType, "struct Sample {}\nenum Small { case a }\n", lines: []),
    ]

    private static let safety: [Sample] = [
        Sample(.guardedSharing, "final class A: @unchecked Sendable {}\n", lines: [1]),
        Sample(.guardedSharing, "/// A class.\nfinal class A: @unchecked Sendable {}\n", lines: [2]),
        Sample(
            .guardedSharing, "// Guarded by its event loop.\n@X\nfinal class A: @unchecked Sendable {}\n", lines: []),
        Sample(.guardedSharing, "// Guarded by its event loop.\n\nfinal class A: @unchecked Sendable {}\n", lines: [3]),
        Sample(.guardedSharing, "nonisolated(unsafe) let p = 1\n", lines: [1]),
        Sample(.guardedSharing, "nonisolated(unsafe) let p = 1  // never changes\n", lines: []),
        Sample(
            .guardedSharing,
            "// Only read once made.\nnonisolated(unsafe) let p = 1\nnonisolated(unsafe) let q = 1\n\n"
                + "nonisolated(unsafe) let r = 1\n", lines: [5]),
        Sample(.noTraps, "let a = try! f()\nlet b = c as! D\nlet e = d[0]!.g\n", lines: [1, 2, 3]),
        Sample(.noTraps, "var label: Label!\nfatalError()\n", lines: [1, 2]),
        Sample(.noTraps, "if !a, a != b, a!=b { f(!c) }  // d!\nlet s = \"a! \\(b)!\"\n", lines: []),
        Sample(.noTraps, "let a = b!\n", at: "Tests/RegionRouterTests/ATests.swift", lines: []),
        Sample(.noPublic, "public struct A {}\npackage let open = 1\nlet a = Color.public\nlet b = 1\n", lines: [1]),
        Sample(.noSleep, "try await Task.sleep(for: .seconds(1))\n", at: "Tests/A/ATests.swift", lines: [1]),
        Sample(.noSleep, "sleep(1)\nusleep(5)\n", at: "Tests/A/ATests.swift", lines: [1, 2]),
        Sample(.noSleep, "func sleep(until: Int) {}\nclock.sleep(1)\n", at: "Tests/A/ATests.swift", lines: []),
        Sample(.noSleep, "let a = \"sleep(1)\"\n", at: "Tests/A/ATests.swift", lines: []),
    ]

    private static let arrows: [Sample] = [
        Sample(.importArrows, "import NIOCore\npackage import TenantDirectory\nimport GRDB\n", lines: [3]),
        Sample(.importArrows, "import NIOCore\n", at: "Sources/TenantDirectory/A.swift", lines: [1]),
        Sample(
            .importArrows, "package import struct RegionRouter.A\n", at: "Sources/TenantDirectory/A.swift", lines: [1]),
        Sample(.importArrows, "import CLibCrypto\nimport Yams\n", at: "Sources/ResidencyGateway/A.swift", lines: [1]),
        Sample(.importArrows, "import struct Foundation.Date\n", at: "Sources/TenantDirectory/A.swift", lines: []),
    ]

    private static let text: [Sample] = [
        Sample(.noLeftovers, "// TO" + "DO: later\nlet a = 1  // FIX" + "ME\n", lines: [1, 2]),
        Sample(.noLeftovers, "let todo = shack\n", lines: []),
    ]
}
