import RegionRouter
import TenantDirectory
import Yams

/// Takes a declaration's tree apart, and notes what is wrong with each field. The two frameworks have a file each.
struct DeclarationReader {
    /// Aliases in YAML can make a small text a large tree.
    static let maximumNodes = 100_000

    let source: String
    let text: String
    var complaints: [Complaint] = []
    var places: [String: Complaint.Place] = [:]

    init(source: String, text: String) {
        self.source = source
        self.text = text
    }

    mutating func complain(_ node: Node?, _ field: String, _ sentence: String) {
        complaints.append(Complaint(node?.place(in: source) ?? .file(source), field, sentence))
    }

    /// Whether the tree is small enough to be walked.
    func isBounded(_ root: Node) -> Bool {
        var count = 0
        var open = [root]
        while let node = open.popLast() {
            count += 1
            guard count <= Self.maximumNodes else { return false }
            switch node {
            case .mapping(let mapping): for (_, value) in mapping { open.append(value) }
            case .sequence(let sequence): open.append(contentsOf: sequence)
            case .scalar, .alias: break
            }
        }
        return true
    }

    /// A text, or a complaint where it is something else; `nil` where it is not there.
    mutating func text(_ node: Node?, _ field: String) -> String? {
        guard let node, !node.isNothing else { return nil }
        places[field] = node.place(in: source)
        guard let scalar = node.scalar else {
            complain(node, field, "must be text, not \(node.shapeName)")
            return nil
        }
        return scalar.string
    }

    /// A text that must be there.
    mutating func required(_ node: Node?, in parent: Node, _ field: String, _ hint: String) -> String? {
        guard let node, !node.isNothing else {
            complain(parent, field, "is missing; \(hint)")
            return nil
        }
        return text(node, field)
    }

    mutating func url(_ node: Node?, _ field: String) -> WebAddress? {
        guard let node, let text = text(node, field) else { return nil }
        guard !text.contains("${") else {
            complain(node, field, "\(Misfit.shown(text)) is filled in when the manifest is deployed; give it in clear")
            return nil
        }
        do throws(Misfit) {
            return try WebAddress(text)
        } catch {
            complain(node, field, error.sentence)
            return nil
        }
    }

    /// A mapping from realm codes to URLs.
    mutating func regionURLs(_ node: Node, _ field: String, except plain: String? = nil) -> [Region: WebAddress] {
        guard let mapping = node.mapping else {
            complain(node, field, "must be a mapping from realm codes to URLs, not \(node.shapeName)")
            return [:]
        }
        var urls: [Region: WebAddress] = [:]
        for (key, value) in mapping where key.scalar?.string != plain {
            let code = key.scalar?.string ?? ""
            guard let region = Region(code), region != .global else {
                complain(key, "\(field).\(code)", "must be a realm code in upper case, such as EU or US")
                continue
            }
            if let url = url(value, "\(field).\(code)") {
                urls[region] = url
            } else if value.isNothing {
                complain(value, "\(field).\(code)", "has no URL")
            }
        }
        return urls
    }

    mutating func appKey(_ text: String, _ node: Node?, _ field: String) -> String? {
        let isKey = text.utf8.allSatisfy {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "-")
                || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_")
        }
        guard isKey, (1...80).contains(text.utf8.count) else {
            let template = text.contains("{{") ? "; it is a template, so read the descriptor from the running app" : ""
            complain(
                node, field,
                "must be 1 to 80 letters, digits, `-`, `.` or `_`, not \(Misfit.shown(text))\(template)")
            return nil
        }
        return text
    }

    /// Half hours from 0.5 to 24.
    mutating func hours(_ node: Node?, _ field: String) -> Double? {
        guard let node, let text = text(node, field) else { return nil }
        guard let hours = Double(text), hours >= 0.5, hours <= 24, (hours * 2).rounded() == hours * 2 else {
            complain(node, field, "must be a number from 0.5 to 24 in steps of 0.5, not \(Misfit.shown(text))")
            return nil
        }
        return hours
    }

    /// A path the host appends to the base URL.
    mutating func path(_ node: Node?, _ field: String, bases: [WebAddress]) -> String? {
        guard let node, let text = text(node, field) else { return nil }
        guard !text.contains("{{"), let path = DeclaredPath.relative(text, to: bases) else {
            complain(
                node, field,
                "must be a path that begins with a slash, relative to the base URL, not \(Misfit.shown(text))")
            return nil
        }
        return path
    }

    /// The four lifecycle paths of a mapping, each its own.
    mutating func lifecycle(_ node: Node, _ field: String, bases: [WebAddress]) -> [LifecycleEvent: String] {
        var paths: [LifecycleEvent: String] = [:]
        for event in LifecycleEvent.allCases {
            let name = "\(field).\(event.rawValue)"
            guard let path = path(node[event.rawValue], name, bases: bases) else { continue }
            if let other = paths.first(where: { $0.value == path })?.key {
                complain(
                    node[event.rawValue], name,
                    "is the same path as `\(other.rawValue)`, \(Misfit.shown(path)); "
                        + "give each callback a path of its own, "
                        + "because they are signed in different ways")
            }
            paths[event] = path
        }
        return paths
    }
}
