import Foundation
import Yams
import RegionRouter

/// JSON read and written by way of YAML's nodes, which keep the order of keys and know their lines.
enum JSONText {
    static func isJSON(_ text: String) -> Bool {
        text.first { !$0.isWhitespace && $0 != "\u{FEFF}" } == "{"
    }

    /// JSON writes a character beyond the first plane as two escapes, which YAML does not know; they are put in as the
    /// character itself. Lines stay as they are.
    static func withoutSurrogates(_ text: String) -> String {
        guard text.contains("\\ud") || text.contains("\\uD") else { return text }
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count {
                if let high = unit(bytes, at: index), (0xD800..<0xDC00).contains(high),
                    let low = unit(bytes, at: index + 6), (0xDC00..<0xE000).contains(low),
                    let scalar = Unicode.Scalar(0x10000 + (UInt32(high) - 0xD800) << 10 + (UInt32(low) - 0xDC00))
                {
                    result.append(contentsOf: String(Character(scalar)).utf8)
                    index += 12
                } else {
                    result.append(contentsOf: bytes[index...(index + 1)])
                    index += 2
                }
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// The number of an escape such as `\u00e4` that begins at an index.
    private static func unit(_ bytes: [UInt8], at index: Int) -> UInt16? {
        guard index + 6 <= bytes.count, bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u") else {
            return nil
        }
        return UInt16(String(decoding: bytes[(index + 2)..<(index + 6)], as: UTF8.self), radix: 16)
    }

    /// Writes a tree as JSON, two spaces a level: numbers and words as they were, all else as strings.
    static func write(_ node: Node) -> String {
        var text = ""
        append(node, indent: "", to: &text)
        return text + "\n"
    }

    private static func append(_ node: Node, indent: String, to text: inout String) {
        let inner = indent + "  "
        switch node {
        case .scalar(let scalar): text += literal(scalar)
        case .alias: text += "null"
        case .sequence(let sequence):
            guard !sequence.isEmpty else { return text += "[]" }
            text += "["
            for (index, value) in sequence.enumerated() {
                text += index == 0 ? "\n\(inner)" : ",\n\(inner)"
                append(value, indent: inner, to: &text)
            }
            text += "\n\(indent)]"
        case .mapping(let mapping):
            guard !mapping.isEmpty else { return text += "{}" }
            text += "{"
            for (index, (key, value)) in mapping.enumerated() {
                text += index == 0 ? "\n\(inner)" : ",\n\(inner)"
                text += quoted(key.scalar?.string ?? "") + ": "
                append(value, indent: inner, to: &text)
            }
            text += "\n\(indent)}"
        }
    }

    private static func literal(_ scalar: Node.Scalar) -> String {
        guard scalar.style == .plain || scalar.style == .any else { return quoted(scalar.string) }
        switch scalar.string {
        case "true", "false", "null": return scalar.string
        case "", "~": return "null"
        default: return isNumber(scalar.string) ? scalar.string : quoted(scalar.string)
        }
    }

    /// RFC 8259 §6.
    private static func isNumber(_ text: String) -> Bool {
        text.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/) != nil
    }

    static func quoted(_ text: String) -> String { QuotedJSON.string(text) }
}
