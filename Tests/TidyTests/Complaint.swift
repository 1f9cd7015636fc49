/// What a check found, and where.
struct Complaint: Sendable, Equatable, CustomStringConvertible {
    let path: String
    /// Counted from 1.
    let line: Int
    let what: String

    var description: String { "\(path):\(line): \(what)" }
}
