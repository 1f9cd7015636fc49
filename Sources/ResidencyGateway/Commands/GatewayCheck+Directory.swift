import Foundation
import TenantDirectory

/// What `check` looks at of the directory and of this node's copy of it.
extension GatewayCheck {
    /// Opens the store only where it is there already, so that a check leaves nothing behind.
    static func directory(_ configuration: GatewayConfiguration) async -> [CheckReport.Row] {
        var rows: [CheckReport.Row] = []
        do throws(DirectoryError) {
            if let server = try await ConfiguredStore.server(configuration) {
                guard !server.facts.isReadOnly else { return [readOnly(server.name)] }
                rows += warnings(server)
            }
            if let missing = try await ConfiguredStore.missing(configuration) {
                return [firstStart(configuration, missing)] + rows
            }
            let store = try await ConfiguredStore.openExisting(configuration)
            defer { store.close() }
            try await store.verify()
            let counts = try await store.counts()
            let found = "\(store.name) holds \(counts.total) tenants, \(counts.displaced) displaced"
            return [CheckReport.Row("directory", .fine, found)] + rows
        } catch {
            return [CheckReport.Row("directory", .failed, error.message)] + rows
        }
    }

    private static func readOnly(_ name: String) -> CheckReport.Row {
        CheckReport.Row(
            "directory", .failed,
            "\(name) is read-only: it is a standby. Name the primary in directory.url, or all of them with "
                + "target_session_attrs=read-write")
    }

    private static func warnings(_ server: ConfiguredStore.Server) -> [CheckReport.Row] {
        var rows: [CheckReport.Row] = []
        if let warning = server.facts.durabilityWarning { rows.append(CheckReport.Row("directory", .note, warning)) }
        if let warning = ClockSkew.warning(server.clockSkew, of: "this machine") {
            rows.append(CheckReport.Row("clock", .note, warning))
        }
        return rows
    }

    /// Whether a node could keep its mirror; `nil` where it needs none. Changes nothing.
    static func mirror(_ configuration: GatewayConfiguration) -> CheckReport.Row? {
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
