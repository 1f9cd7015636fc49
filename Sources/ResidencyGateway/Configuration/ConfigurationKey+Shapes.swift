import Foundation
import TenantDirectory
import Yams

extension ConfigurationKey {
    typealias Target<Value> = any WritableKeyPath<GatewayConfiguration, Value> & Sendable

    /// A key with one value.
    static func scalar<Value: Sendable>(
        _ path: String, _ target: Target<Value>, _ kind: ScalarKind<Value>, secret: Bool = false,
        _ documentation: String
    ) -> ConfigurationKey {
        let standard = kind.write(GatewayConfiguration()[keyPath: target])
        var key = ConfigurationKey(
            path: path, kind: kind.name, shape: .scalar, defaultText: standard.isEmpty ? nil : standard,
            documentation: documentation, copy: { $1[keyPath: target] = $0[keyPath: target] }
        ) { input, taking in
            guard let word = input.word(path, &taking) else { return }
            taking.configuration.places[path] = word.place
            if let value = taking.read(word, path, kind, isSecret: secret) {
                taking.configuration[keyPath: target] = value
            }
        }
        key.isSecret = secret
        return key
    }

    /// A key with one value, or none.
    static func optional<Value: Sendable>(
        _ path: String, _ target: Target<Value?>, _ kind: ScalarKind<Value>, secret: Bool = false,
        _ documentation: String
    ) -> ConfigurationKey {
        scalar(path, target, kind.optional, secret: secret, documentation)
    }

    /// A key with a list of values; in the environment they are separated by commas.
    static func list<Value: Sendable>(
        _ path: String, _ target: Target<[Value]>, _ kind: ScalarKind<Value>, _ documentation: String
    ) -> ConfigurationKey {
        let standard = GatewayConfiguration()[keyPath: target].map(kind.write).joined(separator: ", ")
        return ConfigurationKey(
            path: path, kind: "a list: \(kind.name)", shape: .list, defaultText: "[\(standard)]",
            documentation: documentation, copy: { $1[keyPath: target] = $0[keyPath: target] }
        ) { input, taking in
            guard let list = input.words(path, &taking) else { return }
            taking.configuration.places[path] = list.place
            taking.configuration[keyPath: target] = list.words.compactMap { taking.read($0, path, kind) }
        }
    }

    /// A key with one value for each realm code.
    static func regions<Value: Sendable>(
        _ path: String, _ target: Target<[Region: Value]>, _ kind: ScalarKind<Value>, _ documentation: String
    ) -> ConfigurationKey {
        ConfigurationKey(
            path: path, kind: "a mapping from realm codes: \(kind.name)", shape: .regions(ofLists: false),
            defaultText: nil, documentation: documentation, copy: { $1[keyPath: target] = $0[keyPath: target] }
        ) { input, taking in
            for (region, place, input) in input.byRegion(path, &taking) {
                let path = "\(path).\(region.code)"
                taking.configuration.places[path] = place
                guard let word = input.word(path, &taking) else { continue }
                if let value = taking.read(word, path, kind) { taking.configuration[keyPath: target][region] = value }
            }
        }
    }

    /// A key with a list of values for each realm code.
    static func regionLists<Value: Sendable>(
        _ path: String, _ target: Target<[Region: [Value]]>, _ kind: ScalarKind<Value>, _ documentation: String
    ) -> ConfigurationKey {
        ConfigurationKey(
            path: path, kind: "a mapping from realm codes to lists: \(kind.name)", shape: .regions(ofLists: true),
            defaultText: nil, documentation: documentation, copy: { $1[keyPath: target] = $0[keyPath: target] }
        ) { input, taking in
            for (region, place, input) in input.byRegion(path, &taking) {
                let path = "\(path).\(region.code)"
                taking.configuration.places[path] = place
                guard let list = input.words(path, &taking) else { continue }
                let values = list.words.compactMap { taking.read($0, path, kind) }
                if list.words.isEmpty { taking.complain(list.place, path, "is an empty list; leave the region out") }
                taking.configuration[keyPath: target][region] = values
            }
        }
    }

    /// A key with one value for each name; what the file gives is added to the defaults, or replaces one of them.
    static func names<Value: Sendable>(
        _ path: String, _ target: Target<[String: Value]>, name: ScalarKind<String>, _ kind: ScalarKind<Value>,
        _ documentation: String
    ) -> ConfigurationKey {
        let standard = GatewayConfiguration()[keyPath: target].sorted { $0.key < $1.key }
            .map { "\($0.key): \(kind.write($0.value))" }.joined(separator: ", ")
        return ConfigurationKey(
            path: path, kind: "a mapping from \(name.name): \(kind.name)", shape: .names,
            defaultText: "{ \(standard) }",
            documentation: documentation, copy: { $1[keyPath: target] = $0[keyPath: target] }
        ) { input, taking in
            guard case .node(let node, let file) = input else { return }
            guard case .mapping(let mapping) = node else {
                return taking.complain(
                    node.place(in: file), path, "must be a mapping such as `NAME: VALUE`, not \(node.shapeName)")
            }
            for (nameNode, value) in mapping {
                let word = Word(text: nameNode.scalar?.string ?? "", place: nameNode.place(in: file))
                guard let key = taking.read(word, path, name) else { continue }
                guard let valueWord = Input.node(value, file: file).word("\(path).\(key)", &taking) else { continue }
                taking.configuration.places["\(path).\(key)"] = word.place
                if let value = taking.read(valueWord, "\(path).\(key)", kind) {
                    taking.configuration[keyPath: target][key] = value
                }
            }
        }
    }

    /// A key with a list of mappings; the first of `fields` is due in each, those in `lists` are lists of values.
    static func entries<Value: Sendable>(
        _ path: String, _ target: Target<[Value]>, fields: [String], lists: [String] = [], _ documentation: String,
        make: @escaping @Sendable (EntryFields) throws(Misfit) -> Value
    ) -> ConfigurationKey {
        let form = fields.map { "`\($0)`" }.joined(separator: ", ")
        return ConfigurationKey(
            path: path, kind: "a list of mappings with \(form)", shape: .entries(fields), defaultText: nil,
            documentation: documentation, copy: { $1[keyPath: target] = $0[keyPath: target] }
        ) { input, taking in
            guard case .node(let node, let file) = input else { return }
            taking.configuration.places[path] = node.place(in: file)
            guard case .sequence(let sequence) = node else {
                return taking.complain(
                    node.place(in: file), path, "must be a list of mappings with \(form), not \(node.shapeName)")
            }
            taking.configuration[keyPath: target] = []
            for (index, entry) in sequence.enumerated() {
                let path = "\(path)[\(index)]"
                taking.configuration.places[path] = entry.place(in: file)
                guard let texts = taking.fields(of: entry, fields, lists, path, file) else { continue }
                do throws(Misfit) {
                    taking.configuration[keyPath: target].append(try make(texts))
                } catch {
                    taking.complain(entry.place(in: file), path, error.sentence)
                }
            }
        }
    }
}

/// A text and where it stands.
struct Word: Sendable {
    let text: String
    let place: Complaint.Place
}

extension ConfigurationKey.Taking {
    mutating func read<Value>(
        _ word: Word, _ path: String, _ kind: ScalarKind<Value>, isSecret: Bool = false
    ) -> Value? {
        do throws(Misfit) {
            return try kind.read(word.text, folder)
        } catch {
            complain(word.place, path, isSecret ? "must be \(kind.name); its value is not shown" : error.sentence)
            return nil
        }
    }

    fileprivate mutating func fields(
        of entry: Node, _ known: [String], _ lists: [String], _ path: String, _ file: String
    ) -> EntryFields? {
        guard case .mapping(let mapping) = entry else {
            let form = known.map { "`\($0)`" }.joined(separator: ", ")
            complain(entry.place(in: file), path, "must be a mapping with \(form), not \(entry.shapeName)")
            return nil
        }
        let before = complaints.count
        var fields = EntryFields(folder: folder)
        for (nameNode, value) in mapping {
            let name = nameNode.scalar?.string ?? ""
            guard known.contains(name) else {
                complain(nameNode.place(in: file), "\(path).\(name)", Suggestion.sentence(for: name, among: known))
                continue
            }
            let input = ConfigurationKey.Input.node(value, file: file)
            if lists.contains(name) {
                fields.lists[name] = input.entryWords("\(path).\(name)", &self)
            } else if let word = input.word("\(path).\(name)", &self) {
                fields.texts[name] = word.text
            }
        }
        if let due = known.first, fields[due] == nil, before == complaints.count {
            complain(entry.place(in: file), path, "has no `\(due)`")
        }
        return before == complaints.count ? fields : nil
    }
}

extension ConfigurationKey.Input {
    /// What was given, in one form whatever its layout: two of the same text are the same.
    var text: String {
        switch self {
        case .node(let node, _): Self.text(of: node)
        case .variable(_, let text): text
        case .variables(let variables): variables.map { "\($0.code): \($0.text)" }.joined(separator: ", ")
        }
    }

    private static func text(of node: Node) -> String {
        switch node {
        case .scalar(let scalar): scalar.string
        case .mapping(let mapping):
            "{" + mapping.map { "\(text(of: $0.key)): \(text(of: $0.value))" }.joined(separator: ", ") + "}"
        case .sequence(let sequence): "[" + sequence.map { text(of: $0) }.joined(separator: ", ") + "]"
        case .alias: "*"
        }
    }

    /// The one value, or a complaint.
    func word(_ path: String, _ taking: inout ConfigurationKey.Taking) -> Word? {
        switch self {
        case .variable(let name, let text): return Word(text: text, place: .variable(name))
        case .variables: return nil
        case .node(let node, let file):
            let place = node.place(in: file)
            guard case .scalar(let scalar) = node, !node.isNothing else {
                taking.complain(
                    place, path,
                    node.isNothing
                        ? "has no value; give one or leave the key out" : "must be one value, not \(node.shapeName)")
                return nil
            }
            return Word(text: scalar.string, place: place)
        }
    }

    /// The values of a list, or a complaint.
    func words(_ path: String, _ taking: inout ConfigurationKey.Taking) -> (place: Complaint.Place, words: [Word])? {
        switch self {
        case .variable(let name, let text):
            let parts = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
            return (.variable(name), parts.filter { !$0.isEmpty }.map { Word(text: $0, place: .variable(name)) })
        case .variables: return nil
        case .node(let node, let file):
            guard case .sequence(let sequence) = node else {
                taking.complain(
                    node.place(in: file), path, "must be a list such as [A, B], not \(node.shapeName)")
                return nil
            }
            let words = sequence.compactMap { ConfigurationKey.Input.node($0, file: file).word(path, &taking) }
            return (node.place(in: file), words)
        }
    }

    /// The values of a list; those of a mapping as `NAME=VALUE`, once for each value.
    func entryWords(_ path: String, _ taking: inout ConfigurationKey.Taking) -> [String]? {
        guard case .node(.mapping(let mapping), let file) = self else { return words(path, &taking)?.words.map(\.text) }
        var texts: [String] = []
        for (nameNode, value) in mapping {
            let name = nameNode.scalar?.string ?? ""
            let input = ConfigurationKey.Input.node(value, file: file)
            let path = "\(path).\(name)"
            let isList = if case .sequence = value { true } else { false }
            let words = isList ? input.words(path, &taking)?.words : input.word(path, &taking).map { [$0] }
            texts += (words ?? []).map { "\(name)=\($0.text)" }
        }
        return texts
    }

    /// The values by realm code; complaints about codes that are none.
    fileprivate func byRegion(
        _ path: String, _ taking: inout ConfigurationKey.Taking
    ) -> [(Region, Complaint.Place, ConfigurationKey.Input)] {
        switch self {
        case .variable: return []
        case .variables(let variables):
            return variables.compactMap { code, name, text in
                let word = Word(text: code, place: .variable(name))
                return taking.read(word, path, .region).map { ($0, word.place, .variable(name: name, text: text)) }
            }
        case .node(let node, let file):
            guard case .mapping(let mapping) = node else {
                taking.complain(
                    node.place(in: file), path, "must be a mapping such as { EU: … }, not \(node.shapeName)")
                return []
            }
            return mapping.compactMap { key, value in
                let word = Word(text: key.scalar?.string ?? "", place: key.place(in: file))
                return taking.read(word, path, .region).map { ($0, word.place, .node(value, file: file)) }
            }
        }
    }
}
