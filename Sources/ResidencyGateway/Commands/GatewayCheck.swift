import RegionRouter
import TenantDirectory

/// What `check` does, step by step; each step adds its line.
enum GatewayCheck {
    static func run(file: String, environment: [String: String]) async -> CheckReport {
        var report = CheckReport()
        let loaded: LoadedConfiguration
        let declaration: Declaration
        let router: RouterConfiguration
        let certificates: GatewayCertificates
        do throws(Complaints) {
            loaded = try ConfigurationFile.load(path: file, environment: environment)
            for warning in loaded.warnings { report.add("environment", .note, warning) }
            report.add("configuration", .fine, file)
            declaration = try await DeclarationFile.load(for: loaded.configuration)
            report.add("declaration", .fine, summary(of: declaration))
            router = try makeRouterConfiguration(
                loaded.configuration, declaration, cookieKey: try CookieKey.load(loaded.configuration))
            certificates = try GatewayCertificates.load(loaded.configuration)
        } catch {
            report.complaints = error.list
            return report
        }
        for endpoint in router.endpoints.sorted(by: { $0.region < $1.region }) {
            report.add("public URL \(endpoint.region)", .fine, endpoint.baseURL)
        }
        report.rows += Self.certificates(certificates, router)
        report.rows += await instances(router, loaded.configuration)
        report.rows += await peers(router, loaded.configuration, certificates)
        report.rows += await directory(loaded.configuration)
        if let mirror = mirror(loaded.configuration) { report.rows.append(mirror) }
        report.manifestLines = ForgeManifestLines.text(
            of: declaration, endpoints: router.endpoints, configuration: loaded.configuration)
        return report
    }

    private static func certificates(
        _ certificates: GatewayCertificates, _ router: RouterConfiguration
    ) -> [CheckReport.Row] {
        guard let contexts = certificates.listen?.current else { return [] }
        let names = contexts.names.joined(separator: ", ")
        let expiry = UTCTime.text(contexts.expiry.time)
        var rows = [CheckReport.Row("certificates", .fine, "for \(names); the first runs out on \(expiry)")]
        rows += contexts.warnings.map { CheckReport.Row("certificates", .note, $0) }
        rows += certificates.uncovered(router.endpoints).map {
            CheckReport.Row(
                "certificates", .note,
                "none has the name \($0) of a public URL, so who calls it will refuse the connection; add one to "
                    + "listen.tls.certificates")
        }
        return rows
    }

    private static func summary(of declaration: Declaration) -> String {
        let name = declaration.appKey ?? declaration.forgeAppID ?? "an app"
        let regions = declaration.regionBaseURLs.keys.sorted().map(\.code).joined(separator: ", ")
        return "\(declaration.framework == .connect ? "Connect descriptor" : "Forge manifest") of \(name), "
            + (regions.isEmpty ? "no regions" : "regions \(regions)")
            + ", \(declaration.declaredCalls.count) calls of the host"
    }
}
