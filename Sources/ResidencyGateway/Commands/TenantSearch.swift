import TenantDirectory

/// Finds a tenant by what people call it.
struct TenantSearch {
    private static let page = 1_000
    private let store: any DirectoryStore

    init(_ store: any DirectoryStore) { self.store = store }

    /// - Parameter app: the app that the name belongs to; without one every record is asked.
    func find(_ text: String, app: String?) async throws(DirectoryError) -> Tenant? {
        if let id = TenantID(text), let found = try await store.tenant(.id(id)) { return found }
        if let app {
            for framework in TenantAlias.Framework.allCases {
                let alias = TenantAlias(framework, app: app, name: text)
                if let found = try await store.tenant(.alias(alias)) { return found }
            }
            return nil
        }
        var after: TenantID?
        while true {
            let page = try await store.tenants(after: after, limit: Self.page, filter: TenantFilter())
            if let found = page.first(where: { $0.aliases.contains { $0.name == text } }) { return found }
            guard page.count == Self.page else { return nil }
            after = page.last?.id
        }
    }
}
