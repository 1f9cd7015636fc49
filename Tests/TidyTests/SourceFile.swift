/// One text of the repository: the path from its root, and what stands in it.
struct SourceFile: Sendable {
    let path: String
    let text: String
    let lines: [Substring]
    /// The words and signs of a Swift file, comments left out and string literals reduced to `""`; empty for others.
    let tokens: [SwiftToken]

    init(_ path: String, _ text: String) {
        self.path = path
        self.text = text
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        self.lines = lines
        self.tokens = path.hasSuffix(".swift") ? SwiftScanner.tokens(of: text) : []
    }

    /// `Placement` for `Sources/…/Placement+Epoch.swift`.
    var typeName: String {
        let file = path.split(separator: "/").last ?? ""
        return String(file.prefix { $0 != "." && $0 != "+" })
    }

    func isIn(_ folder: String) -> Bool { path.hasPrefix(folder + "/") }
}
