import Foundation
import Logging
import RegionRouter
import TenantDirectory

/// A kind of value that stands in one word of the file or in one environment variable: how it is read, how it is
/// written, and what it is called.
struct ScalarKind<Value: Sendable>: Sendable {
    /// For the reference: `a whole number from 0 to 65535`.
    let name: String
    /// - Throws: ``Misfit`` that says what the text should have been.
    let read: @Sendable (_ text: String, _ folder: URL) throws(Misfit) -> Value
    /// As it would stand in the file.
    let write: @Sendable (Value) -> String

    /// A kind whose values may be absent from the configuration.
    var optional: ScalarKind<Value?> {
        let (read, write) = (read, write)
        return ScalarKind<Value?>(
            name: name, read: { (text, folder) throws(Misfit) in try read(text, folder) },
            write: { $0.map(write) ?? "" })
    }
}

extension ScalarKind where Value == String {
    static let text = ScalarKind(
        name: "text",
        read: { (text, _) throws(Misfit) in
            guard !text.isEmpty else { throw Misfit("must not be empty; leave the key out instead") }
            return text
        }, write: { $0 })

    static let textOrNothing = ScalarKind(name: "text, may be empty", read: { text, _ in text }, write: { "\"\($0)\"" })

    /// A file's path, relative to the folder of the configuration file.
    static let path = ScalarKind(
        name: "a path, relative to the configuration file",
        read: { (text, folder) throws(Misfit) in
            guard !text.isEmpty else { throw Misfit("must be the path of a file, and is empty") }
            return URL(fileURLWithPath: text, relativeTo: folder).standardizedFileURL.path
        }, write: { $0 })

    /// A file's path or a URL.
    static let pathOrURL = ScalarKind(
        name: "a path relative to the configuration file, or a URL",
        read: { (text, folder) throws(Misfit) in
            if text.hasPrefix("http://") || text.hasPrefix("https://") { return text }
            return try path.read(text, folder)
        }, write: { $0 })

    /// An absolute path of a URL.
    static let urlPath = ScalarKind(
        name: "a path that begins with a slash",
        read: { (text, _) throws(Misfit) in
            guard text.hasPrefix("/"), text.utf8.count > 1, !text.hasSuffix("/") else {
                throw Misfit(
                    "must be a path that begins with a slash and does not end in one, not \(Misfit.shown(text))")
            }
            guard
                !text.utf8.contains(where: {
                    $0 <= 0x20 || $0 >= 0x7F || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#")
                })
            else { throw Misfit("must be a path alone, without query or white space, not \(Misfit.shown(text))") }
            return text
        }, write: { $0 })

    /// `.atlassian.net`: what a host name ends in.
    static let hostSuffix = ScalarKind(
        name: "the end of a host name, such as .atlassian.net",
        read: { (text, _) throws(Misfit) in
            guard text.utf8.count > 1, !text.contains("*"), !text.contains("/"), !text.contains(":") else {
                throw Misfit("must be the end of a host name, such as .atlassian.net, not \(Misfit.shown(text))")
            }
            return text.lowercased()
        }, write: { $0 })

    /// `PRODUCTION`.
    static let upperCaseWord = ScalarKind(
        name: "a word in upper case",
        read: { (text, _) throws(Misfit) in
            guard !text.isEmpty, text.allSatisfy({ $0.isASCII && ($0.isUppercase || $0 == "_") }) else {
                throw Misfit("must be a word in upper case, such as PRODUCTION, not \(Misfit.shown(text))")
            }
            return text
        }, write: { $0 })

    /// A name without white space.
    static let name = ScalarKind(
        name: "a name of letters, digits, `-`, `_` and `.`",
        read: { (text, _) throws(Misfit) in
            let isName = text.utf8.allSatisfy {
                $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".")
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20)
            }
            guard !text.isEmpty, text.utf8.count <= 64, isName else {
                throw Misfit("must be 1 to 64 letters, digits, `-`, `_` or `.`, not \(Misfit.shown(text))")
            }
            return text
        }, write: { $0 })
}

extension ScalarKind where Value == Bool {
    static let boolean = ScalarKind(
        name: "`true` or `false`",
        read: { (text, _) throws(Misfit) in
            switch text {
            case "true": return true
            case "false": return false
            default: throw Misfit("must be `true` or `false`, not \(Misfit.shown(text))")
            }
        }, write: { String($0) })
}

extension ScalarKind where Value == Int {
    static func integer(_ range: ClosedRange<Int>) -> ScalarKind {
        ScalarKind(
            name: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            read: { (text, _) throws(Misfit) in
                guard let number = Int(text) else { throw Misfit("must be a whole number, not \(Misfit.shown(text))") }
                guard range.contains(number) else {
                    throw Misfit("must be from \(range.lowerBound) to \(range.upperBound), not \(number)")
                }
                return number
            }, write: { String($0) })
    }

    /// A count of bytes: `32KiB`, `1GiB`, or a plain number.
    static func bytes(_ range: ClosedRange<Int>) -> ScalarKind {
        let bounds = "\(UnitText.bytes(range.lowerBound)) to \(UnitText.bytes(range.upperBound))"
        return ScalarKind(
            name: "a size from \(bounds)",
            read: { (text, _) throws(Misfit) in
                let bytes = try UnitText.bytes(text)
                guard range.contains(bytes) else { throw Misfit("must be from \(bounds), not \(Misfit.shown(text))") }
                return bytes
            }, write: { UnitText.bytes($0) })
    }
}

extension ScalarKind where Value == Double {
    /// Hours in steps of a half, as the host's residency service takes them.
    static let halfHours = ScalarKind(
        name: "hours from 0.5 to 24 in steps of 0.5",
        read: { (text, _) throws(Misfit) in
            guard let hours = Double(text), hours >= 0.5, hours <= 24, (hours * 2).rounded() == hours * 2 else {
                throw Misfit("must be a number of hours from 0.5 to 24 in steps of 0.5, not \(Misfit.shown(text))")
            }
            return hours
        }, write: { $0 == $0.rounded() ? String(Int($0)) : String($0) })
}

extension ScalarKind where Value == Duration {
    /// A time with its unit: `500ms`, `10s`, `5m`, `1h`, `30d`.
    static func duration(_ range: ClosedRange<Duration>) -> ScalarKind {
        let bounds = "\(UnitText.duration(range.lowerBound)) to \(UnitText.duration(range.upperBound))"
        return ScalarKind(
            name: "a time from \(bounds)",
            read: { (text, _) throws(Misfit) in
                let duration = try UnitText.duration(text)
                guard range.contains(duration) else {
                    throw Misfit("must be from \(bounds), not \(Misfit.shown(text))")
                }
                return duration
            }, write: { UnitText.duration($0) })
    }
}

extension ScalarKind where Value == WebAddress {
    static let url = ScalarKind(
        name: "a URL", read: { (text, _) throws(Misfit) in try WebAddress(text) }, write: { $0.description })
}

extension ScalarKind where Value == Region {
    static let region = ScalarKind(
        name: "a realm code such as EU",
        read: { (text, _) throws(Misfit) in
            guard let region = Region(text) else {
                throw Misfit("must be a realm code in upper case, such as EU, not \(Misfit.shown(text))")
            }
            guard region != .global else {
                throw Misfit("GLOBAL stands for the plain base URL and is no place for data; name a realm such as EU")
            }
            return region
        }, write: { $0.code })
}

extension ScalarKind where Value == AddressRange {
    static let addresses = ScalarKind(
        name: "an address or a range such as 10.0.0.0/8",
        read: { (text, _) throws(Misfit) in
            guard let range = AddressRange(text) else {
                throw Misfit("must be an address or a range such as 10.0.0.0/8, not \(Misfit.shown(text))")
            }
            return range
        }, write: { $0.description })
}

extension ScalarKind where Value == Secret {
    /// Read, and never shown.
    static let secret = ScalarKind(
        name: "secret text",
        read: { (text, _) throws(Misfit) in
            guard !text.isEmpty else { throw Misfit("must not be empty") }
            return Secret(text)
        }, write: { _ in "" })
}

extension ScalarKind where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One of a closed set of words.
    static var choice: ScalarKind {
        let words = Value.allCases.map { "`\($0.rawValue)`" }
        let name =
            words.count == 1 ? words.joined() : words.dropLast().joined(separator: ", ") + " or " + (words.last ?? "")
        return ScalarKind(
            name: name,
            read: { (text, _) throws(Misfit) in
                guard let value = Value(rawValue: text) else {
                    throw Misfit("must be \(name), not \(Misfit.shown(text))")
                }
                return value
            }, write: { $0.rawValue })
    }
}
