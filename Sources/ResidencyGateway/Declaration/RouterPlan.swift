import RegionRouter
import TenantDirectory

/// Puts configuration and declaration together: which URLs the host calls, which app instances there are, and what the
/// router is told. Pure; says all that does not fit at once.
struct RouterPlan {
    let configuration: GatewayConfiguration
    let declaration: Declaration
    private(set) var complaints: [Complaint] = []

    private init(_ configuration: GatewayConfiguration, _ declaration: Declaration) {
        self.configuration = configuration
        self.declaration = declaration
    }

    /// - Parameter cookieKey: the key that signs the tenant cookie; needed where `identify.cookie.enabled` is set.
    /// - Throws: ``Complaints`` about everything in which the two do not fit.
    static func make(
        _ configuration: GatewayConfiguration, _ declaration: Declaration, cookieKey: Secret? = nil
    ) throws(Complaints) -> RouterConfiguration {
        var plan = RouterPlan(configuration, declaration)
        let defaultRegion = plan.defaultRegion()
        let endpoints = plan.endpoints(defaultRegion)
        let instances = plan.instances(defaultRegion, endpoints)
        plan.refusePlainURLs()
        let identify = plan.identify(cookieKey)
        let peers = plan.peers()
        guard plan.complaints.isEmpty, let defaultRegion else { throw Complaints(plan.complaints) }
        var listen = configuration.listen
        listen.tls = configuration.listenTLS.server
        listen.transportSecurityAge = configuration.listenTLS.transportSecurityAge
        var router = RouterConfiguration(
            listen: listen, limits: configuration.limits, endpoints: endpoints, instances: instances,
            hostHeader: configuration.app.hostHeader, defaultRegion: defaultRegion, identify: identify)
        router.nodeID = configuration.node.id
        router.peers = peers
        router.proxy = configuration.proxy
        router.upstreams = configuration.upstreams
        router.upstreams.checkInterval = configuration.checkInterval
        return router
    }

    mutating func complain(_ key: String, _ sentence: String) {
        // A key that is missing is sent to its section, else to the file.
        var section = key
        var place = configuration.places[key]
        while place == nil, let dot = section.lastIndex(of: ".") {
            section = String(section[..<dot])
            place = configuration.places[section]
        }
        complaints.append(Complaint(place ?? configuration.file.map { .file($0) }, key, sentence))
    }

    mutating func complain(ofDeclared field: String, _ sentence: String) {
        complaints.append(Complaint(declaration.place(of: field), field, sentence))
    }

    /// The name of a region's URL in the declaration.
    func declaredField(_ region: Region) -> String {
        switch declaration.framework {
        case .connect: "regionBaseUrls.\(region.code)"
        case .forge:
            declaration.places.keys.first { $0.hasPrefix("remotes[") && $0.hasSuffix("].baseUrl.\(region.code)") }
                ?? "remotes"
        }
    }

    /// The configured one, or the only one there is.
    private mutating func defaultRegion() -> Region? {
        if let region = configuration.defaultRegion { return region }
        let regions = Set(declaration.regionBaseURLs.keys).union(configuration.app.instances.keys)
        if regions.count == 1, let only = regions.first { return only }
        let declared = Set(declaration.regionBaseURLs.keys)
        let choice = (declared.isEmpty ? regions : declared).sorted().map(\.code).joined(separator: ", ")
        complain(
            "defaultRegion",
            "is missing; name the region where tenants live that arrive at the plain base URL"
                + (choice.isEmpty ? ", such as EU" : ": \(choice), or another place of the app's"))
        return nil
    }

    private mutating func identify(_ cookieKey: Secret?) -> IdentifyConfiguration {
        let settings = configuration.identify
        var cookie: TenantCookieConfiguration?
        if settings.cookie.enabled {
            if let cookieKey {
                cookie = TenantCookieConfiguration(key: cookieKey, lifetime: settings.cookie.lifetime)
            } else {
                complain("identify.cookie.keyFile", "has no key, which identify.cookie.enabled needs")
            }
        }
        let forgeAppID = configuration.forge.appID ?? declaration.forgeAppID
        if declaration.framework == .forge, forgeAppID == nil {
            complain(
                "forge.appId", "is missing, and the manifest's app.id is filled in when it is deployed; give it here")
        }
        if let given = configuration.forge.appID, let declared = declaration.forgeAppID, given != declared {
            complain("forge.appId", "is another app than app.id of the declaration, \(Misfit.shown(declared))")
        }
        var calls = declaration.declaredCalls
        for call in settings.declaredCalls where !calls.contains(call) { calls.append(call) }
        for (index, call) in settings.contextTokenCalls.enumerated() {
            if !calls.contains(call) {
                let near = Suggestion.nearest(to: call.path, among: calls.map(\.path))
                complain(
                    "identify.contextTokenCalls[\(index)]",
                    "names no call of the declaration: \(call.method) \(call.path)"
                        + (near.map { "; did you mean \($0)?" } ?? ""))
            }
            calls.removeAll { $0 == call }
        }
        var identify = IdentifyConfiguration(
            mode: settings.mode, appKey: declaration.appKey, forgeAppID: forgeAppID,
            forgeEnvironments: Set(configuration.forge.environments),
            descriptorPath: declaration.framework == .connect ? configuration.app.descriptorPath : nil,
            lifecyclePaths: declaration.lifecyclePaths, declaredCalls: calls, routes: settings.routes, cookie: cookie,
            leewaySeconds: settings.leeway.components.seconds,
            honoursPreviousSecret: configuration.lifecycle.previousSecretFor > .zero)
        identify.migrationPaths = [declaration.migrationPath ?? configuration.app.migrationPath]
        return identify
    }
}

/// What the data plane is told, from what the operator configured and the app declares.
/// - Throws: ``Complaints`` about everything in which the two do not fit.
func makeRouterConfiguration(
    _ configuration: GatewayConfiguration, _ declaration: Declaration, cookieKey: Secret? = nil
) throws(Complaints) -> RouterConfiguration {
    try RouterPlan.make(configuration, declaration, cookieKey: cookieKey)
}
