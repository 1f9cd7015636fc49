/// The members of a JSON object in a body of the host's, read with the strict scanner of tokens: what two readers could
/// understand differently (a name twice, broken UTF-8, trailing bytes) is refused, because the app reads the same
/// bytes.
package struct BodyMembers: Sendable {
    /// What a member is, as far as a lifecycle body goes.
    package enum Value: Sendable, Equatable {
        case text(String)
        case null
        /// Another type, in words: `a number`.
        case other(String)
    }

    /// By name; objects and arrays are checked and not kept.
    package let values: [String: Value]

    /// Members of the outermost object; past it the body is refused.
    private static let limit = 256

    /// - Throws: `badBody` with a sentence that says what is wrong.
    package init(_ bytes: [UInt8]) throws(RouterError) {
        var json = JSONScanner()
        json.bytes = bytes
        json.count = bytes.count
        do throws(JSONFault) {
            values = try Self.read(&json)
        } catch {
            throw Self.refusal(error)
        }
    }

    private static func read(_ json: inout JSONScanner) throws(JSONFault) -> [String: Value] {
        json.skipSpace()
        guard json.peek() == UInt8(ascii: "{") else { throw .wrongType }
        var values: [String: Value] = [:]
        var more = try json.beginObject()
        while more {
            let name = String(decoding: json.bytes[try json.memberName()], as: UTF8.self)
            guard values[name] == nil else { throw .duplicateClaim }
            guard values.count < limit else { throw .malformed }
            values[name] = try value(&json)
            more = try json.hasAnother(before: UInt8(ascii: "}"))
        }
        try json.end()
        return values
    }

    private static func value(_ json: inout JSONScanner) throws(JSONFault) -> Value {
        switch json.peek() {
        case UInt8(ascii: "\""): return .text(String(decoding: json.bytes[try json.string()], as: UTF8.self))
        case UInt8(ascii: "n"):
            try json.skipValue(depth: 1)
            return .null
        case let first:
            try json.skipValue(depth: 1)
            switch first {
            case UInt8(ascii: "{"): return .other("an object")
            case UInt8(ascii: "["): return .other("an array")
            case UInt8(ascii: "t"), UInt8(ascii: "f"): return .other("a boolean")
            default: return .other("a number")
            }
        }
    }

    private static func refusal(_ fault: JSONFault) -> RouterError {
        switch fault {
        case .malformed: RouterError(.badBody, "The body is not valid JSON.")
        case .invalidUTF8: RouterError(.badBody, "The body holds text that is not UTF-8.")
        case .tooDeep: RouterError(.badBody, "The body's JSON is nested too deeply.")
        case .hugeNumber: RouterError(.badBody, "The body holds a number that is too large.")
        case .duplicateClaim: RouterError(.badBody, "The body has the same member twice.")
        case .wrongType: RouterError(.badBody, "The body is not a JSON object.")
        }
    }
}
