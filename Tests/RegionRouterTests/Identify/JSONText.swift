import TestSupport

/// JSON made at random, and what it means, for comparing readers.
struct JSONText {
    private(set) var text = ""
    private(set) var random: SeededRandom

    /// An object of the claims that are read and of others, with the texts of the top level noted.
    private(set) var texts: [String: String] = [:]
    private(set) var times: [String: Int64] = [:]
    private(set) var audience: [String] = []

    init(seed: UInt64) {
        random = SeededRandom(seed)
        var members: [String] = []
        for name in ["iss", "qsh", "clientKey", "icLabel"] where Bool.random(using: &random) {
            let value = string()
            texts[name] = value
            members.append(spelled(name) + space() + ":" + space() + spelled(value))
        }
        for name in ["exp", "iat", "nbf"] where Bool.random(using: &random) {
            let value = Int64.random(in: 0...253_402_300_799, using: &random)
            times[name] = value
            members.append(spelled(name) + ":" + "\(value)" + random.pick(["", "", ".5", ".000"]))
        }
        if Bool.random(using: &random) {
            audience = (0..<Int.random(in: 0...3, using: &random)).map { _ in string() }
            let list = audience.map { spelled($0) }.joined(separator: space() + "," + space())
            members.append("\"aud\":" + (audience.count == 1 ? list : "[" + space() + list + space() + "]"))
        }
        for index in 0..<Int.random(in: 0...4, using: &random) {
            members.append(spelled("x\(index)" + string()) + ":" + value(depth: 0))
        }
        members.shuffle(using: &random)
        text = space() + "{" + space() + members.joined(separator: space() + "," + space()) + space() + "}" + space()
    }

    /// The bytes with a few of them changed, added or removed.
    mutating func mutated() -> [UInt8] {
        var bytes = Array(text.utf8)
        let alphabet =
            Array("{}[]\",:\\0123456789.eE+-tfnu \u{7F}".utf8) + [0, 0x0A, 0x1F, 0x80, 0xC3, 0xED, 0xF0, 0xFF]
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let index = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes[index] = random.pick(alphabet)
            case 1: bytes.insert(random.pick(alphabet), at: index)
            case 2 where bytes.count > 1: bytes.remove(at: index)
            default: bytes.swapAt(index, Int.random(in: 0..<bytes.count, using: &random))
            }
        }
        return bytes
    }

    private mutating func space() -> String { random.pick(["", "", "", " ", "\n", "\t ", "\r\n"]) }

    private mutating func string() -> String {
        let pieces = [
            "a", "b/", "\"", "\\", "é", "宮", "😀", "\n", "\u{1}", "tenant", "1234", "\u{7F}", "{", "context-qsh",
        ]
        return (0..<Int.random(in: 1...5, using: &random)).map { _ in random.pick(pieces) }.joined()
    }

    /// A text as a JSON string, with characters escaped that need not be.
    private mutating func spelled(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "/" where Bool.random(using: &random): result += "\\/"
            case "\n": result += random.pick(["\\n", "\\u000a", "\\u000A"])
            case _ where scalar.value < 0x20 || Int.random(in: 0..<8, using: &random) == 0:
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private mutating func value(depth: Int) -> String {
        switch Int.random(in: 0..<(depth > 4 ? 4 : 6), using: &random) {
        case 0: return spelled(string())
        case 1: return random.pick(["0", "-0", "1", "-12.5", "1e5", "2E-3", "0.25", "123456789012345678", "1.5e+10"])
        case 2: return random.pick(["true", "false", "null"])
        case 3: return random.pick(["{}", "[]", "[ ]", "{ }", "\"\""])
        case 4:
            let count = Int.random(in: 1...3, using: &random)
            return "[" + (0..<count).map { _ in value(depth: depth + 1) }.joined(separator: ",") + "]"
        default:
            let count = Int.random(in: 1...3, using: &random)
            let members = (0..<count).map { index in "\"k\(index)\":" + space() + value(depth: depth + 1) }
            return "{" + members.joined(separator: ",") + "}"
        }
    }
}
