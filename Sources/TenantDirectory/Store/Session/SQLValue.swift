/// A value of a statement or of a row, whatever database it goes to or comes from.
enum SQLValue: Sendable, Equatable {
    case null
    case integer(Int64)
    case text(String)
    case bytes([UInt8])
    /// The number in the change feed that a change gets when it is written: the n-th of its transaction, from 0. Only
    /// in statements that ``StoreSession/add(_:_:)`` keeps for the end.
    case change(Int)

    init(_ text: String?) { self = text.map(SQLValue.text) ?? .null }
    init(_ number: Int64?) { self = number.map(SQLValue.integer) ?? .null }
    init(_ bytes: [UInt8]?) { self = bytes.map(SQLValue.bytes) ?? .null }
    init(_ id: TenantID) { self = .text(id.description) }

    var isChange: Bool {
        if case .change = self { return true }
        return false
    }
}

extension SQLValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    init(stringLiteral value: String) { self = .text(value) }
    init(integerLiteral value: Int64) { self = .integer(value) }
}
