import TenantDirectory

/// A whole placement as one node tells it to another: of two, the one with the higher epoch is right, on either side,
/// whether the directory can be asked or not (amendment H20).
struct StatedPlacement: Equatable, Sendable {
    let tenant: TenantID
    let placement: Placement
    /// The number of the change that it came with.
    let sequence: Int64

    init(tenant: TenantID, placement: Placement, sequence: Int64) {
        self.tenant = tenant
        self.placement = placement
        self.sequence = sequence
    }

    init(_ record: Tenant) {
        self.init(tenant: record.id, placement: record.placement, sequence: record.sequence)
    }

    /// - Returns: `nil` where a part is missing or is not what it should be.
    init?(_ fields: PeerFields) {
        guard let tenant = fields["tenant"].flatMap({ TenantID($0) }),
            let region = fields["region"].flatMap({ Region(String($0)) }), region != .global,
            let state = fields["state"].flatMap({ Placement.State(rawValue: String($0)) }),
            let epoch = fields["epoch"].flatMap({ Int64($0) }), epoch >= 0,
            let sequence = fields["change"].flatMap({ Int64($0) })
        else { return nil }
        self.init(
            tenant: tenant, placement: Placement(region: region, epoch: epoch, state: state), sequence: sequence)
    }

    /// What a peer's answer says that it knows better; `nil` where it says nothing.
    init?(_ head: ResponseHead, _ bytes: UnsafeRawBufferPointer) {
        guard !head.peer.isEmpty else { return nil }
        self.init(PeerFields(HTTPBytes.text(bytes, head.peer)))
    }

    /// As it stands in a field.
    var text: String {
        "tenant=\(tenant);region=\(placement.region);state=\(placement.state.rawValue);epoch=\(placement.epoch)"
            + ";change=\(sequence)"
    }

    /// The line of an answer that tells the node which asked with an older one.
    var answerLine: [UInt8] { Array("X-Residency-Peer: \(text)\r\n".utf8) }
}

/// `name=value` pairs between semicolons.
struct PeerFields {
    private let pairs: [(name: Substring, value: Substring)]

    init(_ text: String) {
        pairs = text.split(separator: ";").compactMap { part in
            part.firstIndex(of: "=").map { (part[..<$0], part[part.index(after: $0)...]) }
        }
    }

    subscript(name: String) -> Substring? { pairs.first { $0.name == name }?.value }
}
