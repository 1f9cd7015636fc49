/// A name the host knows a tenant by. Unique and opaque; the app is part of it, so that one directory can serve
/// several apps.
package struct TenantAlias: Hashable, Sendable {
    package enum Framework: String, Sendable, CaseIterable {
        /// (app key, `clientKey`)
        case connect
        /// (app id, `installationId`)
        case forge
    }

    package let framework: Framework
    /// Connect: the app key of the descriptor. Forge: the app's ARI.
    package let app: String
    /// Connect: the `clientKey`. Forge: the `installationId`.
    package let name: String

    package init(_ framework: Framework, app: String, name: String) {
        self.framework = framework
        self.app = app
        self.name = name
    }
}
