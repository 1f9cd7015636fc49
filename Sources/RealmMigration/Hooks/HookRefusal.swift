/// Why a hook is refused, in the host's own codes (connect-protocol §2.3). With one the host does not try again.
package enum HookRefusal: String, Sendable, Equatable {
    case notScheduled = "E0001"
    case regionUnsupported = "E0002"
    case migrationsUnsupported = "E0003"
    case tooMany = "E0004"
    case other = "E9999"
}
