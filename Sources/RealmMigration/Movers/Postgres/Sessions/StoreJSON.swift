import Foundation

/// JSON that our own statements and payloads are written in.
enum StoreJSON {
    /// - Throws: `.badAnswer`.
    static func decode<Value: Decodable>(_ type: Value.Type, _ text: String, what: String) throws(MigrationError)
        -> Value
    {
        do {
            return try JSONDecoder().decode(type, from: Data(text.utf8))
        } catch { throw MigrationError(.badAnswer, "\(what) gave what cannot be read.", cause: error) }
    }

    /// - Throws: `.badAnswer`, for what has no form in JSON.
    static func encode(_ value: some Encodable) throws(MigrationError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch { throw MigrationError(.badAnswer, "A record could not be written.", cause: error) }
    }
}
