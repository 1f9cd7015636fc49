import Foundation
import Yams

/// What was read, and what is worth telling about it without refusing to start.
struct LoadedConfiguration: Sendable {
    var configuration: GatewayConfiguration
    /// Sentences for the log, such as the names of unknown `RESIDENCY_` variables.
    var warnings: [String]
}

/// Reads a configuration file and the environment over it. The file is parsed to a tree of nodes and walked once, by
/// ``ConfigurationKey/all``; everything that is wrong is said at once.
enum ConfigurationFile {
    /// The largest file that is read.
    static let maximumBytes = 1 << 20

    /// Reads the file at a path.
    /// - Throws: ``Complaints`` with every complaint about file and environment.
    static func load(path: String, environment: [String: String]) throws(Complaints) -> LoadedConfiguration {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Complaints(.file(path), "", "cannot be read; give the configuration file with --config FILE")
        }
        let text = try text(of: data, file: path)
        let folder = URL(fileURLWithPath: path).standardizedFileURL.deletingLastPathComponent()
        return try read(text, file: path, folder: folder, environment: environment)
    }

    /// Reads a text as if it were a file in `folder`.
    static func read(
        _ text: String, file: String, folder: URL, environment: [String: String]
    ) throws(Complaints) -> LoadedConfiguration {
        var taking = ConfigurationKey.Taking(configuration: GatewayConfiguration(), folder: folder)
        taking.configuration.file = file
        resolvePaths(&taking)
        if let root = try root(of: text, file: file), !root.isNothing {
            ConfigurationWalk(file: file).walk(root, &taking)
        }
        let warnings = ConfigurationEnvironment(environment).apply(to: &taking)
        for key in ConfigurationKey.all where key.isRequired {
            let isGiven = taking.configuration.places[key.path] != nil
            let isWrong = taking.complaints.contains { $0.field == key.path }
            if !isGiven && !isWrong { taking.complain(.file(file), key, "is missing. \(key.documentation)") }
        }
        if taking.configuration.directory.store == .postgres, taking.configuration.directory.url == nil,
            !taking.complaints.contains(where: { $0.field == "directory.url" })
        {
            taking.complain(
                taking.configuration.place(of: "directory.store"), "directory.url",
                "is missing: give the PostgreSQL database, such as postgresql://user@host:5432/database")
        }
        checkKeys(&taking)
        guard taking.complaints.isEmpty else { throw Complaints(taking.complaints) }
        return LoadedConfiguration(configuration: taking.configuration, warnings: warnings)
    }

    /// Whether the names of the sealing keys fit together.
    private static func checkKeys(_ taking: inout ConfigurationKey.Taking) {
        let secrets = taking.configuration.secrets
        var names: Set<String> = []
        for (index, key) in secrets.keys.enumerated() where !names.insert(key.name).inserted {
            let path = "secrets.keys[\(index)]"
            taking.complain(
                taking.configuration.place(of: path), path, "has the name `\(key.name)`, which another key has too")
        }
        let hasOthers = taking.complaints.contains { $0.field.hasPrefix("secrets.keys") }
        guard let current = secrets.current, !names.contains(current), !hasOthers else { return }
        taking.complain(
            taking.configuration.place(of: "secrets.current"), "secrets.current",
            "is `\(current)`, and no key of `secrets.keys` has that name"
                + (names.isEmpty ? "" : "; there are \(names.sorted().joined(separator: ", "))"))
    }

    /// Parses YAML (or JSON, which is YAML) to nodes that know their lines.
    /// - Returns: `nil` for an empty text.
    static func root(of text: String, file: String) throws(Complaints) -> Node? {
        do {
            return try Yams.compose(yaml: text)
        } catch {
            throw Complaints([syntaxComplaint(error, file: file)])
        }
    }

    static func text(of data: Data, file: String) throws(Complaints) -> String {
        guard data.count <= maximumBytes else {
            throw Complaints(.file(file), "", "is larger than \(UnitText.bytes(maximumBytes))")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw Complaints(.file(file), "", "is not UTF-8 text")
        }
        return text
    }

    /// Default paths are relative to the file, as given ones are.
    private static func resolvePaths(_ taking: inout ConfigurationKey.Taking) {
        for path in [
            \GatewayConfiguration.directory.path, \.mirror.path, \.secrets.keyFile, \.identify.cookie.keyFile,
        ] {
            let name = taking.configuration[keyPath: path]
            taking.configuration[keyPath: path] =
                URL(fileURLWithPath: name, relativeTo: taking.folder).standardizedFileURL.path
        }
    }

    private static func syntaxComplaint(_ error: any Error, file: String) -> Complaint {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return Complaint(
                .line(file: file, line: mark.line, column: mark.column), "", "is not well-formed here: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = duplicates.map { "`\($0)`" }.joined(separator: ", ")
            return Complaint(
                .line(file: file, line: context.mark.line, column: context.mark.column), "",
                "the mapping that begins here has the same key twice: \(names)")
        case .reader(let problem, _, _, _): return Complaint(.file(file), "", "cannot be read as text: \(problem)")
        default: return Complaint(.file(file), "", "is not well-formed YAML")
        }
    }
}

/// One walk through the tree of a file.
private struct ConfigurationWalk {
    let file: String
    private let keys = Dictionary(uniqueKeysWithValues: ConfigurationKey.all.map { ($0.path, $0) })
    /// The names that may stand in each section; the root is the section without a name.
    private let sections: [String: [String]]

    init(file: String) {
        self.file = file
        var sections: [String: [String]] = [:]
        for key in ConfigurationKey.all {
            var section = ""
            for part in key.path.split(separator: ".") {
                if sections[section]?.contains(String(part)) != true {
                    sections[section, default: []].append(String(part))
                }
                section = section.isEmpty ? String(part) : "\(section).\(part)"
            }
        }
        self.sections = sections
    }

    func walk(_ root: Node, _ taking: inout ConfigurationKey.Taking) { walk(root, section: "", &taking) }

    private func walk(_ node: Node, section: String, _ taking: inout ConfigurationKey.Taking) {
        guard !node.isNothing else { return }
        let known = sections[section] ?? []
        guard case .mapping(let mapping) = node else {
            let names = known.map { "`\($0)`" }.joined(separator: ", ")
            return taking.complain(
                node.place(in: file), section, "must be a mapping with keys such as \(names), not \(node.shapeName)")
        }
        for (nameNode, value) in mapping {
            let name = nameNode.scalar?.string ?? ""
            let path = section.isEmpty ? name : "\(section).\(name)"
            if let key = keys[path], let inner = sections[path] {
                takeBoth(key, inner, nameNode, value, &taking)
            } else if let key = keys[path] {
                take(key, nameNode, value, &taking)
            } else if sections[path] != nil, !name.contains(".") {
                walk(value, section: path, &taking)
            } else {
                taking.complain(nameNode.place(in: file), path, Suggestion.sentence(for: name, among: known))
            }
        }
    }

    /// A mapping in which keys of ours stand beside names that somebody chose, such as `peers` with its regions.
    private func takeBoth(
        _ key: ConfigurationKey, _ inner: [String], _ name: Node, _ value: Node, _ taking: inout ConfigurationKey.Taking
    ) {
        guard case .mapping(let mapping) = value else { return take(key, name, value, &taking) }
        let isInner = { (pair: (key: Node, value: Node)) in inner.contains(pair.key.scalar?.string ?? "") }
        func part(_ pairs: [(key: Node, value: Node)]) -> Node {
            .mapping(Node.Mapping(pairs.map { ($0.key, $0.value) }, mapping.tag, mapping.style, mapping.mark))
        }
        walk(part(mapping.filter(isInner)), section: key.path, &taking)
        let others = mapping.filter { !isInner($0) }
        if !others.isEmpty { take(key, name, part(others), &taking) }
    }

    private func take(_ key: ConfigurationKey, _ name: Node, _ value: Node, _ taking: inout ConfigurationKey.Taking) {
        guard !key.isEnvironmentOnly else {
            return taking.complain(
                name.place(in: file), key,
                "is not taken from the file, because it is a secret; set \(key.variable ?? "the variable") instead")
        }
        key.take(.node(value, file: file), noting: &taking)
    }
}
