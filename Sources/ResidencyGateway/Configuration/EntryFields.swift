import Foundation

/// What a mapping in a list of the configuration holds, by the names of its fields.
struct EntryFields: Sendable {
    /// What paths are relative to.
    let folder: URL
    var texts: [String: String] = [:]
    var lists: [String: [String]] = [:]

    subscript(name: String) -> String? { texts[name] }

    func list(_ name: String) -> [String]? { lists[name] }
}
