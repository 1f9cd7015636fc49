/// What must not change while data moves, as it is now.
package struct StoreSchemaState: Sendable, Codable, Equatable {
    /// As in ``StoreSurvey/schemaFingerprint``: equal on both sides.
    package var fingerprint: String
    /// What this side needs for itself, and the other has otherwise: by what the log tells of old rows, and what is
    /// published.
    package var own: String

    package init(fingerprint: String, own: String = "") {
        self.fingerprint = fingerprint
        self.own = own
    }
}
