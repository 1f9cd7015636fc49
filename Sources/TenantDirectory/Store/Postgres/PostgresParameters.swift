import CLibPQ
import Glibc

/// The values of a statement as they travel: numbers as text, texts and bytes as they are, with their lengths.
struct PostgresParameters {
    private var bytes: [UInt8] = []
    private var types: [Oid] = []
    private var offsets: [Int?] = []
    private var lengths: [Int32] = []
    private var formats: [Int32] = []

    init(_ values: [SQLValue]) {
        for value in values {
            switch value {
            // A number is put in for it before the statement is sent.
            case .null, .change: add(PostgresType.unknown, nil, isBinary: false)
            case .integer(let number): add(PostgresType.integer, Array("\(number)".utf8) + [0], isBinary: false)
            case .text(let text): add(PostgresType.text, Array(text.utf8), isBinary: true)
            case .bytes(let bytes): add(PostgresType.bytes, bytes, isBinary: true)
            }
        }
    }

    private mutating func add(_ type: Oid, _ value: [UInt8]?, isBinary: Bool) {
        types.append(type)
        offsets.append(value == nil ? nil : bytes.count)
        lengths.append(Int32(clamping: value?.count ?? 0))
        formats.append(isBinary ? 1 : 0)
        bytes += value ?? []
    }

    /// - Returns: 1 where libpq took it.
    func send(_ sql: String, on connection: OpaquePointer) -> Int32 {
        bytes.withUnsafeBytes { buffer in
            // An empty value needs an address too: it is not NULL.
            withUnsafePointer(to: CChar(0)) { nothing in
                let pointers = offsets.map { offset -> UnsafePointer<CChar>? in
                    guard let offset else { return nil }
                    guard let base = buffer.baseAddress else { return nothing }
                    return (base + offset).assumingMemoryBound(to: CChar.self)
                }
                return PQsendQueryParams(
                    connection, sql, Int32(clamping: offsets.count), types, pointers, lengths, formats, 0)
            }
        }
    }
}

/// The server's numbers of the types that values and columns have.
enum PostgresType {
    static let unknown: Oid = 0
    static let bytes: Oid = 17
    static let integer: Oid = 20
    static let text: Oid = 25
    /// What is read as a number: bigint, smallint, integer.
    static let integers: Set<Oid> = [20, 21, 23]
}
