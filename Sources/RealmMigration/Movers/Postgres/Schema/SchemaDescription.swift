/// What a database looks like, as far as a move depends on it; read in one statement, see ``CatalogStatements``.
struct SchemaDescription: Codable, Equatable, Sendable {
    /// `server_version_num`.
    var version: Int
    var tables: [TableDescription]

    subscript(schema: String, name: String) -> TableDescription? {
        tables.first { $0.schema == schema && $0.name == name }
    }
}
