extension TidyCheck {
    /// Small files and functions are read whole before they are changed.
    static let fileLength = TidyCheck(rule: "a file has at most 500 lines") { file in
        let limit = 500
        guard file.lines.count > limit, !file.path.hasSuffix(".md") else { return [] }
        return [Complaint(path: file.path, line: limit + 1, what: "\(file.lines.count) lines; split it by facet")]
    }

    static let functionLength = TidyCheck(rule: "a function has at most 70 lines") { file in
        let limit = 70
        return SwiftOutline.functions(in: file.tokens).filter { $0.lines > limit }.map {
            Complaint(path: file.path, line: $0.line, what: "\($0.name) has \($0.lines) lines")
        }
    }

    static let lineWidth = TidyCheck(rule: "a line of code has at most 120 columns") { file in
        // Samples that a test compares with are easier to read in one piece.
        let (limit, sampleLimit) = (120, file.isIn("Tests") ? 150 : 120)
        guard [".swift", ".py", ".sh", ".lua"].contains(where: { file.path.hasSuffix($0) }) else { return [] }
        return eachLine(of: file, "longer than \(limit) columns") { line in
            line.utf8.count > limit && line.count > (line.contains("\"") ? sampleLimit : limit)
        }
    }

    /// A file holds one type and is named after it. Small companions that mean nothing without it may stand beside it.
    static let oneType = TidyCheck(rule: "a file is named after its type, and its companions are small") { file in
        let limit = 80
        guard file.isIn("Sources"), file.path.hasSuffix(".swift"), !file.path.hasSuffix("/main.swift") else {
            return []
        }
        let types = SwiftOutline.types(in: file.tokens)
        let isNamed = { (type: SwiftOutline.Item) in
            type.name == file.typeName || type.name + "s" == file.typeName
                || type.name.hasSuffix("." + file.typeName) || type.name.hasPrefix(file.typeName + ".")
        }
        guard types.contains(where: isNamed) else {
            return [Complaint(path: file.path, line: 1, what: "declares and extends no \(file.typeName)")]
        }
        return types.filter { !isNamed($0) && $0.lines > limit }.map {
            Complaint(path: file.path, line: $0.line, what: "\($0.name) has \($0.lines) lines: give it its own file")
        }
    }
}
