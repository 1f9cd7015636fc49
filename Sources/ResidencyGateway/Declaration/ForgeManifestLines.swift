import RegionRouter
import TenantDirectory

/// The lines of `manifest.yml` that put the gateway in front of a Forge app, to be copied and deployed by its vendor.
enum ForgeManifestLines {
    /// - Returns: `nil` for a Connect app, whose descriptor the gateway serves by itself.
    static func text(
        of declaration: Declaration, endpoints: [PublicEndpoint], configuration: GatewayConfiguration
    ) -> String? {
        guard declaration.framework == .forge, let remote = declaration.remoteKey else { return nil }
        let urls = PublicBaseURLs(endpoints, defaultRegion: configuration.defaultRegion)
        var lines = ["remotes:", "  - key: \(remote)"]
        let plain = urls.plain ?? declaration.baseURL.description
        if declaration.regionBaseURLs.isEmpty {
            lines.append("    baseUrl: \(JSONText.quoted(plain))")
            return lines.joined(separator: "\n") + "\n"
        }
        lines += ["    baseUrl:", "      default: \(JSONText.quoted(plain))"]
        for (region, url) in urls.regions where declaration.regionBaseURLs[region] != nil {
            lines.append("      \(region.code): \(JSONText.quoted(url))")
        }
        let hours = declaration.maxMigrationDurationHours ?? configuration.app.maxMigrationDurationHours ?? 1.5
        lines += [
            "modules:", "  migration:dataResidency:",
            "    - key: \(declaration.migrationKey ?? "residency-migration")", "      remote: \(remote)",
            "      path: \(declaration.migrationPath ?? configuration.app.migrationPath)",
            "      maxMigrationDurationHours: \(ScalarKind<Double>.halfHours.write(hours))",
        ]
        return lines.joined(separator: "\n") + "\n"
    }
}
