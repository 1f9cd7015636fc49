/// One thing that is wrong with what was configured or declared: where it stands, and what to do about it.
///
/// The text never shows the value of a secret.
struct Complaint: Sendable, Equatable, CustomStringConvertible {
    /// Where a value came from.
    enum Place: Sendable, Equatable {
        /// Lines and columns count from 1.
        case line(file: String, line: Int, column: Int)
        case file(String)
        case variable(String)
    }

    let place: Place?
    /// The key or field, such as `listen.port` or `lifecycle.installed`; empty for the whole.
    let field: String
    /// What was wrong and what to do.
    let sentence: String

    init(_ place: Place?, _ field: String, _ sentence: String) {
        self.place = place
        self.field = field
        self.sentence = sentence
    }

    var description: String {
        let subject = field.isEmpty ? sentence : "\(field): \(sentence)"
        switch place {
        case .line(let file, let line, let column): return "\(file):\(line):\(column): \(subject)"
        case .file(let file): return "\(file): \(subject)"
        case .variable(let name): return "\(name): \(subject)"
        case nil: return subject
        }
    }
}

/// All complaints at once, in the order of the file: the program ends with exit code 78.
struct Complaints: Error, Sendable, Equatable, CustomStringConvertible {
    /// Wrong configuration, as in `sysexits.h`.
    static let exitCode: Int32 = 78

    let list: [Complaint]

    init(_ list: [Complaint]) {
        self.list = list.enumerated().sorted { Self.rank($0) < Self.rank($1) }.map(\.element)
    }

    init(_ place: Complaint.Place?, _ field: String, _ sentence: String) {
        self.init([Complaint(place, field, sentence)])
    }

    /// One complaint a line.
    var description: String { list.map(\.description).joined(separator: "\n") }

    /// By line where there is one; otherwise after all lines, in the order they were found.
    private static func rank(_ item: (offset: Int, element: Complaint)) -> (Int, Int, Int) {
        if case .line(_, let line, let column) = item.element.place { return (line, column, item.offset) }
        return (.max, 0, item.offset)
    }
}
