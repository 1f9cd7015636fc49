import Testing

/// A rule of the house that can be read off one file. Pure, so that it is tested on samples that break it.
struct TidyCheck: Sendable, CustomTestStringConvertible {
    /// The rule as a sentence.
    let rule: String
    let find: @Sendable (SourceFile) -> [Complaint]

    var testDescription: String { rule }

    static let all: [TidyCheck] = [
        fileLength, functionLength, lineWidth, noLeftovers, guardedSharing, noTraps, noPublic, importArrows, noSleep,
        oneType,
    ]

    /// Complaints about every line that `isWrong` is true for.
    static func eachLine(of file: SourceFile, _ what: String, where isWrong: (Substring) -> Bool) -> [Complaint] {
        file.lines.enumerated().compactMap { index, line in
            isWrong(line) ? Complaint(path: file.path, line: index + 1, what: what) : nil
        }
    }
}
