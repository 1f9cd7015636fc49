import Foundation
import Testing

/// What carries the directory may be any database that speaks PostgreSQL's dialect, so nothing is used that only
/// PostgreSQL has. The statements that all stores share run on SQLite too; the words below are looked for everywhere.
@Suite("The SQL of the stores")
struct PortableSQLTests {
    /// Words of PostgreSQL that a database that speaks its dialect need not have, or has otherwise.
    static let forbidden = [
        "LISTEN", "NOTIFY", "ADVISORY", "EXTENSION", "SERIAL", "BIGSERIAL", "ILIKE", "UNLOGGED", "TABLESPACE",
        "TRIGGER",
        "FUNCTION", "PROCEDURE", "DO", "COPY", "CLUSTER", "VACUUM", "LATERAL", "UNNEST", "ARRAY", "JSON", "JSONB",
        "HSTORE", "UUID", "TSVECTOR", "LOCK TABLE", "SKIP LOCKED", "NOWAIT", "DEFERRABLE", "CURSOR", "FETCH", "PREPARE",
        "TRUNCATE", "MERGE", "INHERITS", "PARTITION", "pg_", "ctid", "xmin", "txid", "::", "@>", "~\\*", "RULE",
        "GENERATED", "IDENTITY", "SEQUENCE", "nextval", "now\\(", "CONCURRENTLY", "INCLUDE", "EXCLUDE",
    ]

    private static var folder: URL {
        var folder = URL(fileURLWithPath: #filePath)
        for _ in 0..<5 { folder.deleteLastPathComponent() }
        return folder.appendingPathComponent("Sources/TenantDirectory/Store")
    }

    /// The texts between quotation marks that begin as a statement or a part of one does.
    static func statements(in source: String) throws -> [String] {
        let literals = try Regex("(?s)\"\"\"(.*?)\"\"\"|\"((?:[^\"\\\\\\n]|\\\\.)*)\"")
        let beginnings = [
            "SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", "BEGIN", "COMMIT", "ROLLBACK", "SET",
            "LISTEN", "NOTIFY", "LOCK", "WITH", "FOR ", "WHERE", "t.", "(SELECT", "COPY", "DO ", "TRUNCATE",
        ]
        return source.matches(of: literals).compactMap { match in
            let text = (1...2).compactMap { match.output[$0].substring }.first.map(String.init) ?? ""
            let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
            return beginnings.contains(where: trimmed.hasPrefix) ? trimmed : nil
        }
    }

    static func complaints(about statement: String) throws -> [String] {
        try forbidden.filter { word in
            let edge = word.first?.isLetter == true ? "\\b" : ""
            let end = word.last?.isLetter == true ? "\\b" : ""
            return try statement.contains(Regex(edge + word + end).ignoresCase())
        }
    }

    @Test("uses nothing that only PostgreSQL has, but for hints")
    func portable() throws {
        let files = try #require(FileManager.default.enumerator(at: Self.folder, includingPropertiesForKeys: nil))
        var count = 0
        for case let file as URL in files where file.pathExtension == "swift" {
            guard !file.path.contains("/SQLite/") else { continue }
            for statement in try Self.statements(in: String(contentsOf: file, encoding: .utf8)) {
                count += 1
                let isHint = ["NOTIFY residency_change", "LISTEN residency_change"].contains(statement)
                let found = try Self.complaints(about: statement)
                #expect(found.isEmpty || isHint, "\(file.lastPathComponent): \(statement)")
            }
        }
        #expect(count > 50, "the statements were not found")
    }

    @Test(
        "is complained about where it does",
        arguments: [
            "SELECT pg_advisory_xact_lock(1)", "SELECT id FROM tenants WHERE name ILIKE ?", "SELECT seq::TEXT FROM x",
            "SELECT id FROM tenants FOR UPDATE SKIP LOCKED", "CREATE TABLE x (id BIGSERIAL)", "LOCK TABLE tenants",
        ])
    func seeded(statement: String) throws {
        let source = "let text = \"\(statement)\""
        #expect(try Self.statements(in: source) == [statement])
        #expect(try !Self.complaints(about: statement).isEmpty)
    }
}
