import TenantDirectory

/// The query of a call: who moves by what authority, and what is asked for. Percent-encoded whatever it holds, and in
/// one order, so that it is signed as it is sent.
struct StoreQuery {
    private(set) var text = ""

    init(_ ticket: MoveTicket) {
        add("migration", ticket.migration)
        add("directory", ticket.directory)
        add("generation", ticket.generation)
        add("attempt", ticket.attempt)
        add("from", ticket.source.code)
        add("to", ticket.target.code)
        add("tenant", "\(ticket.tenant)")
        for kind in TenantNames.Kind.allCases {
            if let name = ticket.names[kind] { add(kind.rawValue, name) }
        }
    }

    mutating func add(_ name: String, _ value: Int64) { add(name, String(value)) }

    mutating func add(_ name: String, _ value: String) {
        text += text.isEmpty ? "?" : "&"
        text += "\(name)=\(Self.encoded(value))"
    }

    /// RFC 3986 §2.3: all but unreserved bytes.
    private static func encoded(_ value: String) -> String {
        var bytes: [UInt8] = []
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default:
                bytes.append(UInt8(ascii: "%"))
                bytes += Hexadecimal.lowerCase([byte]).uppercased().utf8
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
