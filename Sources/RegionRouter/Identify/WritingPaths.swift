/// Paths that may write whatever the method of a call: a cutover waits for such calls as for a POST (amendment H41).
struct WritingPaths {
    private let templates: [PathTemplate]

    init(_ routes: [TenantRoute]) { templates = routes.filter(\.writes).map { PathTemplate($0.path) } }

    /// Most configurations have none, and then no path is looked at.
    var hasAny: Bool { !templates.isEmpty }

    /// - Parameter path: relative to the base URL.
    func contains(_ path: UnsafeRawBufferPointer) -> Bool { templates.contains { $0.match(path) != nil } }
}
