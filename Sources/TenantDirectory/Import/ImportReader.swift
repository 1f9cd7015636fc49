package import Foundation

/// Reads a file of tenants whole, before anything is written: all lines are right, or nothing is taken.
package struct ImportReader {
    /// Lines that are named in one complaint; the rest are counted.
    static let namedComplaints = 20
    /// Bytes of one line.
    static let lineLimit = 1 << 20

    private let options: ImportOptions
    private var format: ImportFormat?
    private var file = ImportFile(format: .gateway, tenants: [])
    private var seen: [TenantAlias: (line: Int, index: Int)] = [:]
    private var complaints: [String] = []
    private var complaintCount = 0
    private let decoder = JSONDecoder()

    private init(_ options: ImportOptions) {
        self.options = options
        format = options.format
    }

    /// Reads JSON lines, or CSV with a header line.
    /// - Throws: `.badImport` that names the lines, their fields and what to do; no secret.
    package static func read(_ data: Data, options: ImportOptions) throws(DirectoryError) -> ImportFile {
        var reader = ImportReader(options)
        data.withUnsafeBytes { all in
            // Some programs mark UTF-8 with three bytes at the start.
            let isMarked = all.starts(with: [0xEF, 0xBB, 0xBF])
            let bytes = isMarked ? UnsafeRawBufferPointer(rebasing: all[3...]) : all
            let first = bytes.first { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
            switch first {
            case nil: reader.complain(1, "the file is empty")
            case UInt8(ascii: "{"): reader.readJSONLines(bytes)
            case UInt8(ascii: "["): reader.complain(1, "is an array; write one JSON object a line (`jq -c '.[]'`)")
            default: reader.readCSV(bytes)
            }
        }
        return try reader.finish()
    }

    // MARK: Lines

    private mutating func readJSONLines(_ bytes: UnsafeRawBufferPointer) {
        var line = 0
        var start = 0
        while start < bytes.count {
            line += 1
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            defer { start = end + 1 }
            let text = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
            if text.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\t") }) {
                continue
            }
            guard text.count <= Self.lineLimit else {
                complain(line, "has more than \(Self.lineLimit) bytes")
                continue
            }
            take(line) { reader in try reader.jsonRow(Data(text)) }
        }
    }

    private mutating func jsonRow(_ data: Data) throws -> ImportRow {
        do {
            let format: ImportFormat
            if let known = self.format { format = known } else { format = try Self.detect(try jsonNames(data)) }
            self.format = format
            switch format {
            case .gateway: return try decoder.decode(GatewayLine.self, from: data).row
            case .express: return try decoder.decode(ExpressLine.self, from: data).row()
            case .spring: return try decoder.decode(SpringLine.self, from: data).row
            }
        } catch let error as DecodingError {
            throw Self.complaint(error)
        }
    }

    private func jsonNames(_ data: Data) throws -> [String] {
        struct Names: Decodable {
            struct Key: CodingKey {
                let stringValue: String
                var intValue: Int? { nil }
                init(stringValue: String) { self.stringValue = stringValue }
                init?(intValue: Int) { nil }
            }
            let names: [String]
            init(from decoder: any Decoder) throws {
                names = try decoder.container(keyedBy: Key.self).allKeys.map(\.stringValue)
            }
        }
        return try decoder.decode(Names.self, from: data).names
    }

    private mutating func readCSV(_ bytes: UnsafeRawBufferPointer) {
        var rows = CSVRows(bytes)
        do {
            guard let header = try rows.next() else { return complain(1, "the file is empty") }
            let names = header.fields.map { $0 ?? "" }
            let known = format
            let format = try known ?? Self.detect(names)
            self.format = format
            guard format != .gateway, Set(names).count == names.count else {
                return complain(
                    header.line, "is not the header of a table that can be read; take one JSON object a line")
            }
            while let row = try rows.next() {
                take(row.line) { _ in
                    guard row.fields.count == names.count else {
                        throw ImportComplaint("has \(row.fields.count) fields, and the header has \(names.count)")
                    }
                    let fields = Dictionary(zip(names, row.fields)) { first, _ in first }.compactMapValues { $0 }
                    return format == .spring
                        ? try SpringLine(fields: fields).row : try ExpressLine(fields: fields).row()
                }
            }
        } catch {
            complain(rows.currentLine, (error as? ImportComplaint)?.message ?? "cannot be read")
        }
    }

    private static func detect(_ names: [String]) throws -> ImportFormat {
        guard let detected = ImportFormat.detect(names) else {
            throw ImportComplaint(
                "has no field that tells what it is: `clientKey` and `sharedSecret`, `key` and `val`, or `client_key`")
        }
        return detected
    }

    // MARK: Rows

    private mutating func take(_ line: Int, _ body: (inout ImportReader) throws -> ImportRow) {
        do {
            let row = try body(&self)
            guard !row.isOther else {
                file.otherRows += 1
                return
            }
            add(try ImportChecks(options: options, format: format ?? .gateway).tenant(row), line)
        } catch {
            complain(line, (error as? ImportComplaint)?.message ?? "cannot be read")
        }
    }

    private mutating func add(_ tenant: ImportedTenant, _ line: Int) {
        if let name = tenant.aliases.first(where: { seen[$0] != nil }), let earlier = seen[name] {
            if file.tenants[earlier.index] == tenant {
                file.repeatedRows += 1
            } else {
                complain(line, "says something else of the tenant than line \(earlier.line): keep one of them")
            }
            return
        }
        for alias in tenant.aliases { seen[alias] = (line, file.tenants.count) }
        file.tenants.append(tenant)
    }

    // MARK: Complaints

    private mutating func complain(_ line: Int, _ message: String) {
        complaintCount += 1
        if complaints.count < Self.namedComplaints { complaints.append("line \(line): \(message)") }
    }

    private static func complaint(_ error: DecodingError) -> ImportComplaint {
        switch error {
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            guard !context.codingPath.isEmpty else { return ImportComplaint("is not a JSON object") }
            let field = context.codingPath.map(\.stringValue).joined(separator: ".")
            return ImportComplaint(field: field, "is not of the kind it should be; a text is expected")
        case .keyNotFound(let key, _): return ImportComplaint(field: key.stringValue, "is missing")
        case .dataCorrupted: return ImportComplaint("is not a JSON object")
        @unknown default: return ImportComplaint("cannot be read")
        }
    }

    private mutating func finish() throws(DirectoryError) -> ImportFile {
        guard complaintCount == 0 else {
            let rest = complaintCount - complaints.count
            let more = rest > 0 ? "\nand \(rest) more" : ""
            throw DirectoryError(
                .badImport,
                "Nothing was imported. Repair these and repeat it:\n" + complaints.joined(separator: "\n") + more)
        }
        file.format = format ?? .gateway
        return file
    }
}
