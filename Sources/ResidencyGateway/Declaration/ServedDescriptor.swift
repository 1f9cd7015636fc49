import Foundation
import RegionRouter
import TenantDirectory
import Yams

/// The descriptor as the host gets it: the app's own with the public base URLs, and with the residency fields filled in
/// where the app leaves them out. All else is as it was, in its order.
enum ServedDescriptor {
    /// - Returns: `nil` for a Forge app, which has a manifest instead.
    static func bytes(
        of declaration: Declaration, endpoints: [PublicEndpoint], configuration: GatewayConfiguration
    ) -> [UInt8]? {
        guard declaration.framework == .connect, let root = try? Yams.compose(yaml: declaration.text),
            case .mapping(var descriptor) = root
        else { return nil }
        let urls = PublicBaseURLs(endpoints, defaultRegion: configuration.defaultRegion)
        descriptor.set("baseUrl", .text(urls.plain ?? declaration.baseURL.description))
        guard !declaration.regionBaseURLs.isEmpty else {
            return Array(JSONText.write(.mapping(descriptor)).utf8)
        }
        let regions = urls.regions.filter { declaration.regionBaseURLs[$0.region] != nil }
        descriptor.set(
            "regionBaseUrls", .mapping(Node.Mapping(regions.map { (.text($0.region.code), .text($0.url)) })))
        var lifecycle = descriptor["lifecycle"]?.mapping ?? Node.Mapping([])
        if declaration.migrationPath == nil {
            lifecycle.set("dare-migration", .text(configuration.app.migrationPath))
            descriptor.set("lifecycle", .mapping(lifecycle))
        }
        if declaration.maxMigrationDurationHours == nil {
            var residency = descriptor["dataResidency"]?.mapping ?? Node.Mapping([])
            let hours = configuration.app.maxMigrationDurationHours ?? 2
            residency.set("maxMigrationDurationHours", .number(hours))
            descriptor.set("dataResidency", .mapping(residency))
        }
        return Array(JSONText.write(.mapping(descriptor)).utf8)
    }
}

/// The public URLs, as a declaration lists them.
struct PublicBaseURLs {
    let plain: String?
    /// In the order of their codes.
    let regions: [(region: Region, url: String)]

    init(_ endpoints: [PublicEndpoint], defaultRegion: Region?) {
        // Where the default region shares the plain URL there is no endpoint of its own for that; a default that is
        // not configured is the only region there is.
        let shared = defaultRegion ?? (endpoints.count == 1 ? endpoints.first?.region : nil)
        let plainOne = endpoints.first { $0.region == .global } ?? endpoints.first { $0.region == shared }
        plain = plainOne?.baseURL
        regions = endpoints.filter { $0.region != .global }.sorted { $0.region < $1.region }
            .map { ($0.region, $0.baseURL) }
    }
}

extension Node {
    fileprivate static func text(_ text: String) -> Node { .scalar(Scalar(text, .implicit, .doubleQuoted)) }

    fileprivate static func number(_ number: Double) -> Node {
        .scalar(Scalar(ScalarKind<Double>.halfHours.write(number), .implicit, .plain))
    }
}

extension Node.Mapping {
    /// Replaces a value in its place, or adds it at the end.
    fileprivate mutating func set(_ key: String, _ value: Node) { self[Node(key)] = value }
}
