import Foundation
import Yams

/// One key of the configuration: its name, its kind, its default, whether it is a secret, a line of documentation, and
/// how a value gets into ``GatewayConfiguration``. The walk of the file, the names of environment variables and the
/// reference are all made from these.
struct ConfigurationKey: Sendable {
    /// How a value looks in the file.
    enum Shape: Sendable, Equatable {
        case scalar
        case list
        /// A mapping with a realm code before each value.
        case regions(ofLists: Bool)
        /// A mapping with a name before each value.
        case names
        /// A list of mappings with these fields.
        case entries([String])
    }

    /// Where a value stands and what it is.
    enum Input {
        case node(Node, file: String)
        /// One variable for a scalar or a list (separated by commas).
        case variable(name: String, text: String)
        /// One variable a realm code.
        case variables([(code: String, name: String, text: String)])
    }

    /// What taking a value needs and leaves.
    struct Taking {
        var configuration: GatewayConfiguration
        var complaints: [Complaint] = []
        /// What paths are relative to.
        let folder: URL
    }

    let path: String
    let kind: String
    let shape: Shape
    /// As it would stand in the file; `nil` for none.
    let defaultText: String?
    var isRequired = false
    var isSecret = false
    /// Refused in the file, so that it is not written where configuration is kept.
    var isEnvironmentOnly = false
    let documentation: String
    /// Gives a configuration the value that another has.
    var copy: @Sendable (_ from: GatewayConfiguration, _ into: inout GatewayConfiguration) -> Void
    /// Puts the value where it belongs, or complains.
    var take: @Sendable (Input, inout Taking) -> Void

    /// Notes what is given for the key, so that it can be told whether it has changed, and takes it.
    func take(_ input: Input, noting taking: inout Taking) {
        taking.configuration.given[path] = input.text
        take(input, &taking)
    }

    /// `listen.eventLoops` is `RESIDENCY_LISTEN_EVENT_LOOPS`; `nil` where no variable can hold a value.
    var variable: String? {
        switch shape {
        case .scalar, .list, .regions: return Self.variable(of: path)
        case .names, .entries: return nil
        }
    }

    static func variable(of path: String) -> String {
        var name = "RESIDENCY_"
        for character in path {
            if character == "." {
                name.append("_")
            } else {
                if character.isUppercase { name.append("_") }
                name.append(character.uppercased())
            }
        }
        return name
    }

    /// The key with other marks.
    func marked(required: Bool = false, secret: Bool = false, environmentOnly: Bool = false) -> ConfigurationKey {
        var key = self
        key.isRequired = required
        key.isSecret = secret
        key.isEnvironmentOnly = environmentOnly
        return key
    }
}

extension ConfigurationKey.Taking {
    /// Notes a complaint; of a secret nothing is shown.
    mutating func complain(_ place: Complaint.Place?, _ key: ConfigurationKey, _ sentence: String) {
        complain(place, key.path, sentence)
    }

    mutating func complain(_ place: Complaint.Place?, _ path: String, _ sentence: String) {
        complaints.append(Complaint(place, path, sentence))
    }
}

extension Node {
    /// Where the node stands, for a complaint.
    func place(in file: String) -> Complaint.Place {
        guard let mark else { return .file(file) }
        return .line(file: file, line: mark.line, column: mark.column)
    }

    /// Whether it is an empty value or `null`.
    var isNothing: Bool {
        guard case .scalar(let scalar) = self, scalar.style == .plain else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    /// What it is, in words.
    var shapeName: String {
        switch self {
        case .scalar: isNothing ? "nothing" : "a single value"
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }
}
