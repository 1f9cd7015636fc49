/// Values and names as they stand in a statement. Sessions keep `standard_conforming_strings` on, so that a quote is
/// all that has a meaning of its own.
package enum SQLText {
    /// A text in quotes. A NUL, which PostgreSQL keeps in no text, is left out.
    package static func literal(_ text: String) -> String {
        var quoted: [UInt8] = [UInt8(ascii: "'")]
        for byte in text.utf8 where byte != 0 {
            if byte == UInt8(ascii: "'") { quoted.append(byte) }
            quoted.append(byte)
        }
        quoted.append(UInt8(ascii: "'"))
        return String(decoding: quoted, as: UTF8.self)
    }

    /// A text in quotes, or `NULL`.
    package static func literal(_ text: String?) -> String { text.map { literal($0) } ?? "NULL" }

    /// The name of a table, column or other object, in double quotes, as it is kept.
    package static func name(_ name: String) -> String {
        "\""
            + String(name.filter { $0 != "\0" }).split(separator: "\"", omittingEmptySubsequences: false)
            .joined(separator: "\"\"") + "\""
    }

    /// `ARRAY['a', 'b']::text[]`.
    package static func array(_ texts: some Sequence<String>) -> String {
        "ARRAY[" + texts.map { literal($0) }.joined(separator: ", ") + "]::text[]"
    }
}
