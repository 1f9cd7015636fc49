import RegionRouter
import Yams

extension DeclarationReader {
    /// A Connect descriptor.
    /// - Returns: `nil` where a complaint makes it useless.
    mutating func connect(_ root: Node) -> Declaration? {
        let keyText = required(root["key"], in: root, "key", "it is the app's key")
        let key = keyText.flatMap { appKey($0, root["key"], "key") }
        let baseNode = root["baseUrl"]
        if baseNode == nil { complain(root, "baseUrl", "is missing; it is where the host finds the app") }
        let base = url(baseNode, "baseUrl")
        let regions = root["regionBaseUrls"].map { regionURLs($0, "regionBaseUrls") } ?? [:]
        authentication(root)

        let bases = [base].compactMap { $0 } + regions.values
        var lifecyclePaths: [LifecycleEvent: String] = [:]
        var migrationPath: String?
        if let node = root["lifecycle"], node.mapping != nil {
            lifecyclePaths = lifecycle(node, "lifecycle", bases: bases)
            migrationPath = path(node["dare-migration"], "lifecycle.dare-migration", bases: bases)
        }
        if root["lifecycle"]?["installed"] == nil {
            complain(
                root["lifecycle"] ?? root, "lifecycle.installed",
                "is missing; the gateway learns the secrets of tenants from this callback, so the app must declare it")
        }
        var modules = DeclaredModules(bases: bases)
        if let node = root["modules"], !node.isNothing {
            if node.mapping == nil { complain(node, "modules", "must be a mapping, not \(node.shapeName)") }
            modules.collect(node)
        }
        let hours = hours(
            root["dataResidency"]?["maxMigrationDurationHours"], "dataResidency.maxMigrationDurationHours")
        guard let key, let base else { return nil }
        return Declaration(
            framework: .connect, source: source, text: text, appKey: key, baseURL: base, regionBaseURLs: regions,
            lifecyclePaths: lifecyclePaths, declaredCalls: modules.calls, migrationPath: migrationPath,
            maxMigrationDurationHours: hours, places: places)
    }

    /// Calls of an app without authentication cannot be told apart.
    private mutating func authentication(_ root: Node) {
        guard let node = root["authentication"] else {
            return complain(root, "authentication", "is missing; write `\"authentication\": { \"type\": \"jwt\" }`")
        }
        let type = text(node["type"], "authentication.type") ?? "jwt"
        if type.lowercased() != "jwt" {
            complain(
                node["type"], "authentication.type",
                "must be `jwt`, not \(Misfit.shown(type)); without tokens the gateway cannot tell the tenants apart")
        }
    }
}
