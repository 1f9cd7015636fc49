/// Which side the tenant is on, by the source's row.
package enum StoreDecision: Sendable, Codable, Equatable {
    /// It stays.
    case open
    /// It has left; the token opens the target.
    case moved(token: String)
}
