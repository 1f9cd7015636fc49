/// What a look at one side of a store has found (preflight): all of it at once.
package struct StoreSurvey: Sendable, Codable, Equatable {
    package struct Table: Sendable, Codable, Equatable {
        /// `schema.table`, or what the app calls a collection.
        package var name: String
        package var rows: Int64
        package var bytes: Int64
        /// It can be followed while the tenant works; else it is copied while the tenant's writes stand still.
        package var isLive: Bool

        package init(name: String, rows: Int64, bytes: Int64, isLive: Bool) {
            self.name = name
            self.rows = rows
            self.bytes = bytes
            self.isLive = isLive
        }
    }

    /// What stands in the way, or should be known.
    package struct Finding: Sendable, Codable, Equatable {
        /// A word of a closed set, for programs: `missing-table`, `key-collision`.
        package var code: String
        /// What was found, where.
        package var message: String
        /// What would mend it: a statement, or a sentence. Empty where nothing does.
        package var remedy: String

        package init(code: String, message: String, remedy: String = "") {
            self.code = code
            self.message = message
            self.remedy = remedy
        }
    }

    /// The random id that the store keeps of itself (H2).
    package var storeID: String
    package var tables: [Table] = []
    /// The move cannot begin.
    package var blockers: [Finding] = []
    package var warnings: [Finding] = []
    /// Of everything that must not change while data moves: tables, columns, types, keys, identity (H12). Equal on both
    /// sides.
    package var schemaFingerprint = ""
    /// The same in words, a line each, for whoever has to make both sides equal; empty where the store cannot say.
    package var schema: [String] = []
    /// The store itself refuses the tenant's writes once the fence is up (the third wall).
    package var hasFence = false
    /// Where the store is, for telling a copy of it: two of one id and different places are not one. `nil` where it
    /// cannot say.
    package var place: String?

    package init(storeID: String) { self.storeID = storeID }
}
