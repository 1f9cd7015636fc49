import TenantDirectory

/// A row on its way, as a line: `{"c":"notes","k":"…/000000000001","v":{…}}`; `v` is null for one that is gone.
struct SampleRow: Sendable {
    let collection: SampleCollection
    let key: String
    let values: [String: JSONValue]?

    init(collection: SampleCollection, key: String, values: [String: JSONValue]?) {
        self.collection = collection
        self.key = key
        self.values = values
    }

    /// - Returns: `nil` for bytes that are no such line.
    init?(line: some Sequence<UInt8>) {
        guard let json = JSONValue(Array(line)), let name = json["c"]?.text,
            let collection = SampleCollection(rawValue: name), let key = json["k"]?.text, let values = json["v"]
        else { return nil }
        self.collection = collection
        self.key = key
        switch values {
        case .object(let members): self.values = members
        case .null: self.values = nil
        default: return nil
        }
    }

    /// With its end of line.
    var line: [UInt8] {
        JSONValue.object([
            "c": .text(collection.rawValue), "k": .text(key), "v": values.map { .object($0) } ?? .null,
        ]).bytes + [UInt8(ascii: "\n")]
    }

    // MARK: Comparing

    static let parts = 64

    /// The part of the digest that the row belongs to, by its key alone.
    static func part(of key: String) -> Int { Int(SHA256.digest(of: Array(key.utf8)).first ?? 0) % parts }

    /// What is compared: a keyed hash of everything the row says.
    func hash(_ hasher: HMACKey) -> [UInt8] { hasher.authenticationCode(for: line) }
}
