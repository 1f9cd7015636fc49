import TenantDirectory

/// `routes:` of the configuration, prepared: the first line whose path fits and whose part is there names the tenant.
struct RouteMatcher {
    private enum Source {
        case path
        case query([UInt8])
        case header([UInt8])
        case bearerClaim([UInt8])
    }

    private let routes: [(template: PathTemplate, source: Source)]
    private let appKey: String?
    private let forgeAppID: String?

    init(_ configuration: IdentifyConfiguration) {
        appKey = configuration.appKey
        forgeAppID = configuration.forgeAppID
        routes = configuration.routes.compactMap { route in
            let source: Source
            switch route.source {
            case .none: return nil
            case .path: source = .path
            case .query(let name): source = .query(Array(name.utf8))
            case .header(let name): source = .header(Array(name.lowercased().utf8))
            case .bearerClaim(let name): source = .bearerClaim(Array(name.utf8))
            }
            return (PathTemplate(route.path), source)
        }
    }

    /// - Parameters:
    ///   - path: relative to the base URL.
    ///   - reader: used where a claim has to be read.
    func match(
        _ bytes: UnsafeRawBufferPointer, _ head: RequestHead, path: UnsafeRawBufferPointer, reader: TokenReader
    ) -> TenantKey? {
        for route in routes {
            guard let tenant = route.template.match(path) else { continue }
            let value: [UInt8]?
            switch route.source {
            case .path: value = EncodedText.decode(path.part(tenant), plusIsSpace: false)
            case .query(let name): value = Self.parameter(bytes.part(head.query), name)
            case .header(let name): value = Self.field(bytes, head, name)
            case .bearerClaim(let name): value = Self.claim(bytes, head, name, reader)
            }
            if let value, let key = key(value) { return key }
        }
        return nil
    }

    /// Which tenant a value stands for: a route value of ours, or a name the host uses.
    private func key(_ value: [UInt8]) -> TenantKey? {
        guard (1...512).contains(value.count), String(validating: value, as: UTF8.self) != nil else { return nil }
        if let tenant = RouteValue.tenant(in: value) { return .id(tenant) }
        let name = String(decoding: value, as: UTF8.self)
        // Installations are named by ARIs; a `clientKey` never is.
        if let forgeAppID, appKey == nil || name.hasPrefix("ari:cloud:") {
            return .alias(TenantAlias(.forge, app: forgeAppID, name: name))
        }
        return appKey.map { .alias(TenantAlias(.connect, app: $0, name: name)) }
    }

    /// The value of a query parameter. One that is there twice with different values names nobody.
    private static func parameter(_ query: UnsafeRawBufferPointer, _ name: [UInt8]) -> [UInt8]? {
        var found: [UInt8]?
        for parameter in QueryParameters(query) where QueryParameters.isNamed(query.part(parameter.name), name) {
            let value = EncodedText.decode(query.part(parameter.value), plusIsSpace: true)
            guard found == nil || found == value else { return nil }
            found = value
        }
        return found
    }

    /// The value of a field; `nil` also for a field that is there twice.
    private static func field(_ bytes: UnsafeRawBufferPointer, _ head: RequestHead, _ name: [UInt8]) -> [UInt8]? {
        var found: [UInt8]?
        var start = head.fieldsStart
        let end = min(head.end, bytes.count)
        while start < end {
            let stop = bytes[start..<end].firstIndex(of: UInt8(ascii: "\n")) ?? end
            let line = bytes.part(start..<stop)
            start = stop + 1
            guard line.count > name.count, line[name.count] == UInt8(ascii: ":"),
                zip(line, name).allSatisfy({ $0.lowerCased == $1 })
            else { continue }
            guard found == nil else { return nil }
            let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 || byte == 0x0D }
            let value = line[(name.count + 1)...].drop(while: isSpace)
            found = Array(value.reversed().drop(while: isSpace).reversed())
        }
        return found
    }

    private static func claim(
        _ bytes: UnsafeRawBufferPointer, _ head: RequestHead, _ name: [UInt8], _ reader: TokenReader
    ) -> [UInt8]? {
        guard let token = TokenCarriers.credentials(bytes.part(head.authorization), scheme: "bearer") else {
            return nil
        }
        reader.load(token)
        guard reader.split(), reader.decodePayload() else { return nil }
        return reader.payload.text(of: name).map { Array($0.utf8) }
    }
}
