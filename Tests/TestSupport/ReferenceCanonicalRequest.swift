import Foundation
import TenantDirectory

/// The canonical request written the plain way, from the specification: texts, dictionaries, library sorting. Used to
/// sign, and to compare the router's own with.
package struct ReferenceCanonicalRequest {
    package enum Order: Sendable, CaseIterable {
        case java, javaScript
    }

    private let method: String
    private let path: String
    /// Decoded names (as bytes: texts are equal where bytes are not) and the decoded values of each.
    private let parameters: [[UInt8]: [String]]

    /// - Parameters:
    ///   - path: as sent; `basePath` is cut off where it ends at a slash.
    ///   - query: as sent, without `?`. What it decodes to must be UTF-8.
    package init(method: String, path: String, basePath: String = "", query: String = "") {
        self.method = method.uppercased()
        let base = basePath.hasSuffix("/") ? String(basePath.dropLast()) : basePath
        var relative = path
        if !base.isEmpty, path == base || path.hasPrefix(base + "/") { relative = String(path.dropFirst(base.count)) }
        if relative.count > 1, relative.hasSuffix("/") { relative.removeLast() }
        if !relative.hasPrefix("/") { relative = "/" + relative }
        self.path = relative.replacingOccurrences(of: "&", with: "%26")
        var parameters: [[UInt8]: [String]] = [:]
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = Self.decode(parts[0])
            if name != "jwt" {
                parameters[Array(name.utf8), default: []].append(parts.count > 1 ? Self.decode(parts[1]) : "")
            }
        }
        self.parameters = parameters
    }

    package func text(_ order: Order) -> String {
        var names = parameters.keys.map { String(decoding: $0, as: UTF8.self) }
        switch order {
        case .java: names.sort { Self.isBefore(Self.encode($0), Self.encode($1)) }
        case .javaScript: names.sort(by: Self.isBefore)
        }
        let pairs = names.map { name in
            let values = (parameters[Array(name.utf8)] ?? []).sorted(by: Self.isBefore).map(Self.encode)
            return Self.encode(name) + "=" + values.joined(separator: ",")
        }
        return "\(method)&\(path)&\(pairs.joined(separator: "&"))"
    }

    /// 64 lower-case hexadecimal digits.
    package func hash(_ order: Order) -> String { SHA256.hexDigest(of: Array(text(order).utf8)) }

    /// As Java and JavaScript compare texts.
    private static func isBefore(_ left: String, _ right: String) -> Bool {
        left.utf16.lexicographicallyPrecedes(right.utf16)
    }

    private static func encode(_ text: String) -> String {
        text.utf8.map { byte in
            let isKept = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8.contains(byte)
            return isKept ? String(UnicodeScalar(byte)) : String(format: "%%%02X", Int(byte))
        }.joined()
    }

    private static func decode(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            if byte == UInt8(ascii: "%"), digits.count == 2, digits.allSatisfy(\.isHexadecimal),
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension UInt8 {
    fileprivate var isHexadecimal: Bool { Character(UnicodeScalar(self)).isHexDigit }
}
