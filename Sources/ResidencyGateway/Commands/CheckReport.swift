import Foundation

/// What `check` has found, as a table for people or as JSON.
struct CheckReport: Sendable {
    enum State: String, Sendable, Encodable {
        case fine, failed
        /// Worth knowing; does not fail the check.
        case note

        /// As it stands in the table.
        var word: String {
            switch self {
            case .fine: "ok"
            case .failed: "FAILED"
            case .note: "note"
            }
        }
    }

    struct Row: Sendable, Encodable, Equatable {
        /// `configuration`, `declaration`, `app instance EU`, `directory` …
        let what: String
        let state: State
        let detail: String

        init(_ what: String, _ state: State, _ detail: String) {
            self.what = what
            self.state = state
            self.detail = detail
        }
    }

    var rows: [Row] = []
    /// Everything wrong with configuration or declaration.
    var complaints: [Complaint] = []
    /// The Forge manifest's lines to deploy.
    var manifestLines: String?

    var exitCode: Int32 {
        if !complaints.isEmpty { return Complaints.exitCode }
        return rows.contains { $0.state == .failed } ? 1 : 0
    }

    mutating func add(_ what: String, _ state: State, _ detail: String) { rows.append(Row(what, state, detail)) }

    /// A line a check, complaints one a line below, and a last line that says what it comes to.
    func table(style: TerminalStyle) -> String {
        var lines: [String] = []
        if !rows.isEmpty {
            var table = TextTable(["CHECKED", "STATE", "WHAT WAS FOUND"])
            for row in rows { table.add([row.what, row.state.word, row.detail]) }
            lines = table.lines(style: style)
        }
        if !complaints.isEmpty {
            if !lines.isEmpty { lines.append("") }
            lines += complaints.map(\.description)
        }
        if let manifestLines {
            lines += ["", "Lines of manifest.yml that put the gateway in front of the app:", ""]
            lines += manifestLines.split(separator: "\n").map(String.init)
        }
        lines += ["", exitCode == 0 ? style.good(verdict) : style.bad(verdict)]
        return lines.joined(separator: "\n")
    }

    private var verdict: String {
        switch exitCode {
        case 0: return "All is well."
        case Complaints.exitCode:
            return "The configuration is wrong in \(complaints.count) \(complaints.count == 1 ? "place" : "places")."
        default:
            let count = rows.count { $0.state == .failed }
            return "The configuration is right, and \(count) \(count == 1 ? "thing is" : "things are") not as it needs."
        }
    }

    /// One object: `{"ok":…,"checks":[…],"complaints":[…],"manifest":…}`.
    var json: String {
        struct Document: Encodable {
            struct Item: Encodable {
                var file: String?
                var line: Int?
                var column: Int?
                var variable: String?
                let field: String
                let sentence: String
            }

            let ok: Bool
            let checks: [Row]
            let complaints: [Item]
            let manifest: String?
        }
        let items = complaints.map { complaint in
            var item = Document.Item(field: complaint.field, sentence: complaint.sentence)
            switch complaint.place {
            case .line(let file, let line, let column): (item.file, item.line, item.column) = (file, line, column)
            case .file(let file): item.file = file
            case .variable(let name): item.variable = name
            case nil: break
            }
            return item
        }
        let document = Document(ok: exitCode == 0, checks: rows, complaints: items, manifest: manifestLines)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(document) else { return "{\"ok\": false}" }
        return String(decoding: data, as: UTF8.self)
    }
}
