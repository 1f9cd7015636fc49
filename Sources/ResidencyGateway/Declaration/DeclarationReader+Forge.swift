import RegionRouter
import TenantDirectory
import Yams

extension DeclarationReader {
    /// A Forge manifest.
    /// - Returns: `nil` where a complaint makes it useless.
    mutating func forge(_ root: Node, remote wanted: String?) -> Declaration? {
        let appID = forgeAppID(root)
        let remotes = remotes(root)
        let connect = root["app"]?["connect"]
        let connectRemote = text(connect?["remote"], "app.connect.remote")
        let chosen = chosenRemote(root, remotes, wanted: wanted, connectRemote: connectRemote)
        checkRemote(named: connectRemote, at: connect?["remote"], "app.connect.remote", remotes)
        endpoints(root["modules"]?["endpoint"], remotes)

        let keyText = text(connect?["key"], "app.connect.key")
        let key = keyText.flatMap { appKey($0, connect?["key"], "app.connect.key") }
        if let connect, connect.mapping != nil, keyText == nil {
            complain(connect, "app.connect.key", "is missing; it is the key of the app's Connect descriptor")
        }
        let base = chosen.flatMap { self.base(of: $0.node, $0.field) }
        let migration = migration(root, remotes, base: base?.plain)
        guard let base, let chosen, let plain = base.plain else { return nil }

        let bases = [plain] + base.regions.values
        let (lifecyclePaths, calls) = connectModules(root["connectModules"], bases: bases)
        if key != nil, lifecyclePaths[.installed] == nil {
            complain(
                root["connectModules"] ?? root, "connectModules.jira:lifecycle.installed",
                "is missing; the gateway learns the secrets of Connect tenants from this callback")
        }
        return Declaration(
            framework: .forge, source: source, text: text, appKey: key, forgeAppID: appID, remoteKey: chosen.key,
            baseURL: plain, regionBaseURLs: base.regions, lifecyclePaths: lifecyclePaths, declaredCalls: calls,
            migrationKey: migration.key, migrationPath: migration.path, maxMigrationDurationHours: migration.hours,
            places: places)
    }

    /// One of `remotes`, and where it stands.
    struct Remote {
        let key: String
        let node: Node
        let field: String
    }

    private mutating func forgeAppID(_ root: Node) -> String? {
        guard let node = root["app"]?["id"] else {
            complain(root["app"] ?? root, "app.id", "is missing; it is the app's ARI")
            return nil
        }
        guard let id = text(node, "app.id"), !id.contains("${") else { return nil }
        guard id.hasPrefix("ari:cloud:ecosystem::app/"), id.utf8.count <= 200 else {
            complain(node, "app.id", "must be an ARI such as ari:cloud:ecosystem::app/UUID, not \(Misfit.shown(id))")
            return nil
        }
        return id
    }

    private mutating func remotes(_ root: Node) -> [Remote] {
        guard let node = root["remotes"], !node.isNothing else {
            complain(root, "remotes", "is missing; declare a remote whose baseUrl is the gateway's public URL")
            return []
        }
        guard let sequence = node.sequence else {
            complain(node, "remotes", "must be a list, not \(node.shapeName)")
            return []
        }
        var remotes: [Remote] = []
        for (index, entry) in sequence.enumerated() {
            let field = "remotes[\(index)]"
            guard let key = required(entry["key"], in: entry, "\(field).key", "give each remote a key") else {
                continue
            }
            let isKey = key.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "-")
                    || $0 == UInt8(ascii: "_")
            }
            if !isKey || !(1...23).contains(key.utf8.count) {
                complain(
                    entry["key"], "\(field).key",
                    "must be 1 to 23 letters, digits, `-` or `_`, not \(Misfit.shown(key))")
            }
            if remotes.contains(where: { $0.key == key }) {
                complain(entry["key"], "\(field).key", "is the key of another remote already: \(Misfit.shown(key))")
            }
            remotes.append(Remote(key: key, node: entry, field: field))
        }
        return remotes
    }

    private mutating func chosenRemote(
        _ root: Node, _ remotes: [Remote], wanted: String?, connectRemote: String?
    ) -> Remote? {
        if let name = wanted ?? connectRemote {
            let found = remotes.first { $0.key == name }
            if found == nil, wanted != nil, !remotes.isEmpty {
                let names = remotes.map { "`\($0.key)`" }.joined(separator: ", ")
                complain(root["remotes"], "remotes", "has no remote `\(name)`, which app.remote names; it has \(names)")
            }
            return found
        }
        if remotes.count > 1 {
            let names = remotes.map { "`\($0.key)`" }.joined(separator: ", ")
            complain(
                root["remotes"], "remotes",
                "has several remotes (\(names)); "
                    + "say with app.remote in the configuration which one the gateway stands for"
            )
            return nil
        }
        return remotes.first
    }

    private mutating func checkRemote(named name: String?, at node: Node?, _ field: String, _ remotes: [Remote]) {
        guard let name, !remotes.isEmpty, !remotes.contains(where: { $0.key == name }) else { return }
        let near = Suggestion.nearest(to: name, among: remotes.map(\.key)).map { "; did you mean `\($0)`?" } ?? ""
        complain(node, field, "names a remote that is not declared: \(Misfit.shown(name))\(near)")
    }

    /// `baseUrl` as one URL, or as `{ default, REALM … }`.
    private mutating func base(of remote: Node, _ field: String) -> (plain: WebAddress?, regions: [Region: WebAddress])?
    {
        guard let node = remote["baseUrl"], !node.isNothing else {
            complain(remote, "\(field).baseUrl", "is missing")
            return nil
        }
        guard node.mapping != nil else { return (url(node, "\(field).baseUrl"), [:]) }
        if node["default"] == nil {
            complain(node, "\(field).baseUrl.default", "is missing; a mapping by realm needs it")
        }
        return (
            url(node["default"], "\(field).baseUrl.default"),
            regionURLs(node, "\(field).baseUrl", except: "default")
        )
    }

    private mutating func endpoints(_ node: Node?, _ remotes: [Remote]) {
        for (index, entry) in (node?.sequence.map(Array.init) ?? []).enumerated() {
            let field = "modules.endpoint[\(index)]"
            if let name = required(entry["remote"], in: entry, "\(field).remote", "say which remote is called") {
                checkRemote(named: name, at: entry["remote"], "\(field).remote", remotes)
            }
            if let path = text(entry["route"]?["path"], "\(field).route.path"), !path.hasPrefix("/") {
                complain(
                    entry["route"]?["path"], "\(field).route.path",
                    "must begin with a slash, not \(Misfit.shown(path))")
            }
        }
    }

    private mutating func migration(
        _ root: Node, _ remotes: [Remote], base: WebAddress?
    ) -> (key: String?, path: String?, hours: Double?) {
        guard let module = root["modules"]?["migration:dataResidency"], !module.isNothing else {
            return (nil, nil, nil)
        }
        let field = "modules.migration:dataResidency"
        if let count = module.sequence?.count, count > 1 {
            complain(module, field, "must be one module, not \(count)")
        }
        let entry = module.sequence?.first ?? module
        guard entry.mapping != nil else {
            complain(entry, field, "must be a mapping with key, remote and path, not \(entry.shapeName)")
            return (nil, nil, nil)
        }
        let remote = text(entry["remote"], "\(field).remote")
        checkRemote(named: remote, at: entry["remote"], "\(field).remote", remotes)
        return (
            text(entry["key"], "\(field).key"),
            path(entry["path"], "\(field).path", bases: [base].compactMap { $0 }),
            hours(entry["maxMigrationDurationHours"], "\(field).maxMigrationDurationHours")
        )
    }

    /// Connect modules within a manifest: lifecycle by product, webhooks, pages.
    private mutating func connectModules(
        _ node: Node?, bases: [WebAddress]
    ) -> ([LifecycleEvent: String], [DeclaredCall]) {
        guard let node, !node.isNothing else { return ([:], []) }
        guard let mapping = node.mapping else {
            complain(node, "connectModules", "must be a mapping, not \(node.shapeName)")
            return ([:], [])
        }
        var paths: [LifecycleEvent: String] = [:]
        var lifecycleKinds: Set<String> = []
        for (key, value) in mapping {
            guard let kind = key.scalar?.string, kind.hasSuffix(":lifecycle") else { continue }
            lifecycleKinds.insert(kind)
            for (index, entry) in (value.sequence.map(Array.init) ?? [value]).enumerated() {
                let found = lifecycle(entry, "connectModules.\(kind)[\(index)]", bases: bases)
                for (event, path) in found {
                    if let other = paths[event], other != path {
                        complain(
                            entry, "connectModules.\(kind)[\(index)].\(event.rawValue)",
                            "is another path than \(Misfit.shown(other)), "
                                + "which another product has for the same callback; "
                                + "use one path for all")
                    }
                    paths[event] = path
                }
            }
        }
        var modules = DeclaredModules(bases: bases)
        modules.collect(node, leavingOut: lifecycleKinds)
        return (paths, modules.calls)
    }
}
