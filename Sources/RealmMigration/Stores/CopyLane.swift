/// One stream of a copy.
package struct CopyLane: Sendable, Codable, Equatable {
    package var name: String
    /// Estimates, for the progress bar.
    package var rows: Int64
    package var bytes: Int64
    /// Copied in the pause, after the changes have reached the marker: its rows make an app act for the tenant
    /// (`activates`, H11), or cannot be followed while the tenant works.
    package var isActivating: Bool
    /// Lanes that must have been applied to their end before this one begins, because its rows refer to theirs.
    package var follows: [String]

    package init(
        name: String, rows: Int64, bytes: Int64, isActivating: Bool = false, follows: [String] = []
    ) {
        self.name = name
        self.rows = rows
        self.bytes = bytes
        self.isActivating = isActivating
        self.follows = follows
    }
}
