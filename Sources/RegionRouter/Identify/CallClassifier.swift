/// What the configuration says about paths, prepared: the gateway's own calls, the declared ones, and `routes:`.
struct CallClassifier {
    private let descriptor: [UInt8]?
    private let lifecycle: [(path: [UInt8], event: LifecycleEvent)]
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
        declared = DeclaredPaths(configuration.declaredCalls)
        routes = RouteMatcher(configuration)
        writing = WritingPaths(configuration.routes)
    }

    /// Whether the gateway itself is asked: GET of the descriptor, POST of a lifecycle path.
    /// - Parameter path: relative to the base URL.
    func gatewayCall(_ method: RequestHead.Method, _ path: UnsafeRawBufferPointer) -> HostCall.Kind? {
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
