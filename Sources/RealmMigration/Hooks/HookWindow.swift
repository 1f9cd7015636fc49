package import TenantDirectory

/// What the host says of a migration with `schedule` and `start`.
package struct HookWindow: Sendable, Equatable {
    /// Milliseconds since 1970.
    package var start: Int64
    package var end: Int64
    /// `nil` for a text that is no region.
    package var location: Region?

    package init(start: Int64, end: Int64, location: Region?) {
        self.start = start
        self.end = end
        self.location = location
    }

    /// What the host's migration is known by where it gives it no name: the same for the same window.
    package var name: String { "window-\(start)-\(end)-\(location?.code ?? "")" }
}
