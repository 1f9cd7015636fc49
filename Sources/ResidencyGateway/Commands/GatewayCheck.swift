import Foundation
import RealmMigration
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
        report.rows.append(await directory(loaded.configuration))
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

    /// Asks each app instance for a page that no app has: whatever it answers, it is there and speaks HTTP.
    private static func instances(
        _ router: RouterConfiguration, _ configuration: GatewayConfiguration
    ) async -> [CheckReport.Row] {
        let everywhere = ["0.0.0.0/0", "::/0"].compactMap { AddressRange($0) }
        let timeout = min(router.limits.connectTimeout, .seconds(5))
        let instances = router.instances.flatMap { region in region.value.map { (region.key, $0) } }
        let rows = try? await withOutboundClient(OutboundConfiguration(allow: everywhere)) { client in
            await withTaskGroup(of: (Region, CheckReport.Row).self) { group in
                for (region, instance) in instances where !instance.isSecure {
                    let url = instance.url + configuration.listen.healthPath
                    group.addTask { (region, await probe(region, url, client, timeout)) }
                }
                var rows: [(Region, CheckReport.Row)] = []
                for await row in group { rows.append(row) }
                return rows.sorted { $0.0 < $1.0 }.map(\.1)
            }
        }
        let secure = instances.filter(\.1.isSecure).sorted { $0.0 < $1.0 }
        return (rows ?? [CheckReport.Row("app instances", .failed, "could not be asked")])
            + secure.map { region, instance in
                CheckReport.Row(
                    "app instance \(region)", .note,
                    "https://\(instance.authority) is called by TLS, and not tried here")
            }
    }

    private static func probe(
        _ region: Region, _ url: String, _ client: OutboundClient, _ timeout: Duration
    ) async -> CheckReport.Row {
        let what = "app instance \(region)"
        let origin = OutboundRequest.origin(of: url)
        do throws(OutboundError) {
            let answer = try await client.fetch(OutboundRequest(url: url, timeout: timeout))
            return CheckReport.Row(
                what, .fine, "\(origin) answers (status \(answer.status) for a page it need not have)")
        } catch {
            switch error.code {
            case .redirected, .oversized: return CheckReport.Row(what, .fine, "\(origin) answers")
            default: return CheckReport.Row(what, .failed, "\(error.message); start the app, or correct app.instances")
            }
        }
    }

    /// Opens the store only where it is there already, so that a check leaves nothing behind.
    private static func directory(_ configuration: GatewayConfiguration) async -> CheckReport.Row {
        do throws(DirectoryError) {
            if let missing = try await ConfiguredStore.missing(configuration) {
                return firstStart(configuration, missing)
            }
            let store = try await ConfiguredStore.openExisting(configuration)
            defer { store.close() }
            try await store.verify()
            let counts = try await store.counts()
            return CheckReport.Row(
                "directory", .fine, "\(store.name) holds \(counts.total) tenants, \(counts.displaced) displaced")
        } catch {
            return CheckReport.Row("directory", .failed, error.message)
        }
    }

    /// Whether a node could keep its mirror; `nil` where it needs none. Changes nothing.
    private static func mirror(_ configuration: GatewayConfiguration) -> CheckReport.Row? {
        guard configuration.directory.store == .postgres else { return nil }
        let path = configuration.mirror.path
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        guard FileManager.default.isWritableFile(atPath: folder) else {
            return CheckReport.Row("mirror", .failed, "\(folder) cannot be written; make it, or change mirror.path")
        }
        let isThere = FileManager.default.fileExists(atPath: path)
        return CheckReport.Row("mirror", .fine, isThere ? path : "\(path) is made at the first start")
    }

    /// What is to be said of a directory that is not there yet.
    private static func firstStart(_ configuration: GatewayConfiguration, _ name: String) -> CheckReport.Row {
        guard configuration.directory.store == .sqlite else {
            return CheckReport.Row("directory", .note, "\(name) answers; the first start makes the tables in it")
        }
        let folder = URL(fileURLWithPath: name).deletingLastPathComponent().path
        guard FileManager.default.isWritableFile(atPath: folder) else {
            return CheckReport.Row(
                "directory", .failed, "\(name) is not there, and its folder cannot be written; make the folder")
        }
        return CheckReport.Row("directory", .note, "\(name) is not there yet; the first start makes it")
    }
}
