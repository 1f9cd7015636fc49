import Configuration

/// Environment variables over the file: each scalar key has one, lists are separated by commas, and mappings from realm
/// codes have one variable a code (`RESIDENCY_PUBLIC_REGION_BASE_URLS_EU`).
struct ConfigurationEnvironment {
    private static let prefix = "RESIDENCY_"

    private let reader: ConfigReader
    /// Names that begin with our prefix and have a value.
    private let names: [String]

    init(_ environment: [String: String]) {
        let ours = environment.filter { $0.key.hasPrefix(Self.prefix) }
        reader = ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: ours)).scoped(
            to: "residency")
        names = ours.keys.sorted()
    }

    /// Puts every variable that is set where it belongs.
    /// - Returns: warnings about variables of our prefix that are no keys.
    func apply(to taking: inout ConfigurationKey.Taking) -> [String] {
        var known: Set<String> = []
        var warnings: [String] = []
        for key in ConfigurationKey.all {
            guard let variable = key.variable else { continue }
            if case .regions = key.shape {
                let found = regionVariables(of: key, variable)
                known.formUnion(found.map(\.name))
                if !found.isEmpty { key.take(.variables(found), noting: &taking) }
                continue
            }
            known.insert(variable)
            guard let text = reader.string(forKey: ConfigKey(key.path), isSecret: key.isSecret) else { continue }
            if let warning = Self.serviceLink(variable, text, key) {
                warnings.append(warning)
            } else {
                key.take(.variable(name: variable, text: text), noting: &taking)
            }
        }
        return warnings + names.filter { !known.contains($0) }.map(unknown)
    }

    private func regionVariables(
        of key: ConfigurationKey, _ variable: String
    ) -> [(code: String, name: String, text: String)] {
        let others = Set(ConfigurationKey.all.compactMap(\.variable))
        return names.filter { $0.hasPrefix(variable + "_") && !others.contains($0) }.compactMap { name in
            let code = String(name.dropFirst(variable.count + 1))
            // The provider's own rule for names upper-cases the code, which it is already.
            return reader.string(forKey: ConfigKey(key.path.split(separator: ".").map(String.init) + [code])).map {
                (code, name, $0)
            }
        }
    }

    /// Kubernetes sets `RESIDENCY_LISTEN_PORT=tcp://10.0.0.1:80` for a Service called `residency-listen`: that is no
    /// configuration.
    private static func serviceLink(_ variable: String, _ text: String, _ key: ConfigurationKey) -> String? {
        guard text.hasPrefix("tcp://") || text.hasPrefix("udp://") else { return nil }
        return "\(variable) is not used: \(Misfit.shown(text)) is what Kubernetes sets for a Service of that name; "
            + "set enableServiceLinks: false in the pod's specification, or rename the Service"
    }

    private func unknown(_ name: String) -> String {
        let isServiceLink =
            name.hasSuffix("_SERVICE_HOST") || name.contains("_SERVICE_PORT") || name.contains("_PORT_")
            || name.hasSuffix("_PORT")
        if isServiceLink {
            return "\(name) is not a key and is not used; it looks like what Kubernetes sets for a Service; set "
                + "enableServiceLinks: false in the pod's specification to be rid of it"
        }
        let near = Suggestion.nearest(to: name, among: ConfigurationKey.all.compactMap(\.variable))
        return "\(name) is not a key and is not used" + (near.map { "; did you mean \($0)?" } ?? "")
    }
}
