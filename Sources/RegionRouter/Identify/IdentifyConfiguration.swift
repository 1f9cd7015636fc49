package import TenantDirectory

/// What Identify knows of the app and the host's ways, from the declaration and the configuration.
package struct IdentifyConfiguration: Sendable {
    package enum Mode: String, Sendable, CaseIterable {
        /// What does not verify is refused.
        case enforce
        /// What does not verify is logged and counted, and forwarded.
        case report
    }

    package var mode: Mode
    /// The Connect app key; `nil` for an app that is Forge alone.
    package var appKey: String?
    /// The Forge app's ARI; `nil` for an app that is Connect alone.
    package var forgeAppID: String?
    /// Forge environments whose tokens are accepted.
    package var forgeEnvironments: Set<String>
    /// Whole paths, base path not included: where the descriptor is served (GET).
    package var descriptorPath: String?
    /// Lifecycle paths of the declaration, relative to the base URL.
    package var lifecyclePaths: [LifecycleEvent: String]
    /// Under which paths the host calls the residency hooks, relative to the base URL; each step is a segment behind
    /// one of them.
    package var migrationPaths: [String] = []
    /// The (method, path template) pairs that the host calls: there a computed qsh is due.
    package var declaredCalls: [DeclaredCall]
    /// `routes:` of the configuration, first match decides.
    package var routes: [TenantRoute]
    /// The key that signs the tenant cookie; `nil` while the cookie is off.
    package var cookie: TenantCookieConfiguration?
    /// Seconds a token may be past `exp` or before `nbf`.
    package var leewaySeconds: Int64
    /// How long the secret before the current one is honoured is a matter of the directory; this switches it off.
    package var honoursPreviousSecret: Bool

    package init(
        mode: Mode = .enforce, appKey: String?, forgeAppID: String? = nil,
        forgeEnvironments: Set<String> = ["PRODUCTION"],
        descriptorPath: String? = "/atlassian-connect.json", lifecyclePaths: [LifecycleEvent: String] = [:],
        declaredCalls: [DeclaredCall] = [], routes: [TenantRoute] = [], cookie: TenantCookieConfiguration? = nil,
        leewaySeconds: Int64 = 30, honoursPreviousSecret: Bool = true
    ) {
        self.mode = mode
        self.appKey = appKey
        self.forgeAppID = forgeAppID
        self.forgeEnvironments = forgeEnvironments
        self.descriptorPath = descriptorPath
        self.lifecyclePaths = lifecyclePaths
        self.declaredCalls = declaredCalls
        self.routes = routes
        self.cookie = cookie
        self.leewaySeconds = leewaySeconds
        self.honoursPreviousSecret = honoursPreviousSecret
    }
}

/// The lifecycle callbacks of a Connect declaration.
package enum LifecycleEvent: String, Sendable, CaseIterable {
    case installed, uninstalled, enabled, disabled

    /// `installed` and `uninstalled` are signed with the host's own key pair, the others with the shared secret.
    package var isSignedByHost: Bool { self == .installed || self == .uninstalled }
}

/// A call that the declaration names: the host makes it, so its token must carry a computed qsh.
package struct DeclaredCall: Sendable, Equatable {
    /// `GET` or `POST`.
    package let method: String
    /// Path relative to the base URL; `{issue.key}` stands for any text without a slash.
    package let path: String

    package init(method: String, path: String) {
        self.method = method
        self.path = path
    }
}

/// A line of `routes:`: how a call without a token of ours names its tenant, and whether calls of its path may write.
package struct TenantRoute: Sendable, Equatable {
    package enum Source: Sendable, Equatable {
        /// Nothing: the line says of calls with a token that they may write.
        case none
        /// The part of the path that the pattern's `{tenant}` stands for.
        case path
        /// The value of a query parameter.
        case query(String)
        /// The value of a header, its name in lower case.
        case header(String)
        /// A claim of the JWT in `Authorization: Bearer`, read without checking it: it routes, it never authenticates.
        case bearerClaim(String)
    }

    /// Path pattern relative to the base URL: `{name}` is one segment, a final `*` is the rest.
    package let path: String
    package let source: Source
    /// Calls of the path may write whatever their method.
    package let writes: Bool

    package init(path: String, source: Source, writes: Bool = false) {
        self.path = path
        self.source = source
        self.writes = writes
    }
}

/// The gateway's own cookie, off by default.
package struct TenantCookieConfiguration: Sendable {
    /// Signs and checks the cookie's value.
    package let key: Secret
    package let lifetime: Duration

    package init(key: Secret, lifetime: Duration) {
        self.key = key
        self.lifetime = lifetime
    }
}
