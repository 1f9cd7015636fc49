/// A row that is read without trust: a value of another kind than expected is damage, and is said so.
struct StoredRow {
    private let values: [SQLValue]
    /// Shared by the rows of a statement.
    private let columns: [String]

    init(_ values: [SQLValue], columns: [String]) {
        self.values = values
        self.columns = columns
    }

    private func value(_ index: Int) -> SQLValue { values.indices.contains(index) ? values[index] : .null }

    func text(_ index: Int) throws(DirectoryError) -> String {
        guard let value = try optionalText(index) else { throw damaged(index) }
        return value
    }

    func optionalText(_ index: Int) throws(DirectoryError) -> String? {
        switch value(index) {
        case .text(let text): return text
        case .null: return nil
        default: throw damaged(index)
        }
    }

    func number(_ index: Int) throws(DirectoryError) -> Int64 {
        guard let value = try optionalNumber(index) else { throw damaged(index) }
        return value
    }

    func optionalNumber(_ index: Int) throws(DirectoryError) -> Int64? {
        switch value(index) {
        case .integer(let number): return number
        case .null: return nil
        default: throw damaged(index)
        }
    }

    func bytes(_ index: Int) throws(DirectoryError) -> [UInt8] {
        guard let value = try optionalBytes(index) else { throw damaged(index) }
        return value
    }

    func optionalBytes(_ index: Int) throws(DirectoryError) -> [UInt8]? {
        switch value(index) {
        case .bytes(let bytes): return bytes
        case .null: return nil
        default: throw damaged(index)
        }
    }

    func optionalRegion(_ index: Int) throws(DirectoryError) -> Region? {
        guard let code = try optionalText(index) else { return nil }
        guard let region = Region(code) else { throw damaged(index) }
        return region
    }

    func region(_ index: Int) throws(DirectoryError) -> Region {
        guard let region = try optionalRegion(index) else { throw damaged(index) }
        return region
    }

    func tenantID(_ index: Int) throws(DirectoryError) -> TenantID {
        guard let id = TenantID(try text(index)) else { throw damaged(index) }
        return id
    }

    /// A name of one of the closed sets we write.
    func name<Name: RawRepresentable<String>>(_ index: Int) throws(DirectoryError) -> Name {
        guard let name = Name(rawValue: try text(index)) else { throw damaged(index) }
        return name
    }

    func alias(from index: Int) throws(DirectoryError) -> TenantAlias {
        TenantAlias(try name(index), app: try text(index + 1), name: try text(index + 2))
    }

    private func damaged(_ index: Int) -> DirectoryError {
        let column = columns.indices.contains(index) ? columns[index] : "\(index)"
        return DirectoryError(
            .notADirectory,
            "The directory is damaged: column `\(column)` holds what was never written there. "
                + "Restore it from a backup.")
    }
}
