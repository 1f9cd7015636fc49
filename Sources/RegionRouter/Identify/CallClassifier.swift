/// What the configuration says about paths, prepared: the gateway's own calls, the declared ones, and `routes:`.
struct CallClassifier {
    private let descriptor: [UInt8]?
    private let lifecycle: [(path: [UInt8], event: LifecycleEvent)]
    private let hooks: [(path: [UInt8], step: MigrationStep)]
    let declared: DeclaredPaths
    let routes: RouteMatcher
    let writing: WritingPaths

    init(_ configuration: IdentifyConfiguration) {
        descriptor = configuration.descriptorPath.map { Array($0.utf8) }
        lifecycle = LifecycleEvent.allCases.compactMap { event in
            configuration.lifecyclePaths[event].map { path in
                (path: Array((path.hasPrefix("/") ? path : "/" + path).utf8), event: event)
            }
        }
        hooks = configuration.migrationPaths.flatMap { prefix in
            let segments = prefix.split(separator: "/").map { "/\($0)" }.joined()
            return MigrationStep.allCases.map { (path: Array("\(segments)/\($0.rawValue)".utf8), step: $0) }
        }
        declared = DeclaredPaths(configuration.declaredCalls)
        routes = RouteMatcher(configuration)
        writing = WritingPaths(configuration.routes)
    }

    /// Whether the gateway itself is asked: GET of the descriptor, POST of a lifecycle path, whatever of a hook.
    /// - Parameter path: relative to the base URL.
    func gatewayCall(_ method: RequestHead.Method, _ path: UnsafeRawBufferPointer) -> HostCall.Kind? {
        for hook in hooks where path.elementsEqual(hook.path) { return .migration(hook.step) }
        switch method {
        case .get, .head:
            guard let descriptor, path.elementsEqual(descriptor) else { return nil }
            return .descriptor
        case .post:
            for call in lifecycle where path.elementsEqual(call.path) { return .lifecycle(call.event) }
            return nil
        default: return nil
        }
    }
}
