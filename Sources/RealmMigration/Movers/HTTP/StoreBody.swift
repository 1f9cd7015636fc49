import TenantDirectory

/// An answer that brings rows: they are the app's own bytes, and its fields say what they are.
struct StoreBody {
    static let afterField = "x-residency-after"
    static let lastField = "x-residency-last"
    static let rowsField = "x-residency-rows"
    static let checksumField = "x-residency-checksum"

    let after: String
    let isLast: Bool
    let rows: Int64
    let bytes: [UInt8]

    /// - Throws: what is wrong with it, as the end of a sentence.
    init(_ answer: OutboundResponse) throws(Fault) {
        guard let after = answer.header(Self.afterField), StoreAnswers.isWord(after) else {
            throw Fault(what: "brought rows without a cursor in \(Self.afterField)")
        }
        guard let last = answer.header(Self.lastField), last == "true" || last == "false" else {
            throw Fault(what: "brought rows without true or false in \(Self.lastField)")
        }
        guard let text = answer.header(Self.rowsField), let rows = Int64(text), rows >= 0 else {
            throw Fault(what: "brought rows without their number in \(Self.rowsField)")
        }
        guard answer.header(Self.checksumField) == SHA256.hexDigest(of: answer.body) else {
            throw Fault(what: "brought rows that are not those of its checksum in \(Self.checksumField)")
        }
        self.after = after
        self.isLast = last == "true"
        self.rows = rows
        self.bytes = answer.body
    }

    struct Fault: Error { let what: String }
}
