import TenantDirectory

/// What a node says to the peer that it passes a call on to, beside the call's own bytes. It counts on the peers'
/// listener alone, which is for nodes and nobody else; everywhere else such fields are dropped.
///
/// Two field lines carry it: one that is the same for all calls of a tenant, one that is the same for all calls of a
/// client, so that both are written once and copied.
struct PeerStatement: Equatable, Sendable {
    /// Nodes that have passed it on so far, the sender among them.
    var hops: Int
    /// The sender's node id.
    var sender: String
    /// The region that the sender takes the receiver to own.
    var target: Region
    /// Where the sender knows the tenant to live; `nil` for a call without one.
    var placement: StatedPlacement?
    /// The sender has done the gateway's own part of a lifecycle call.
    var isActedOn = false
    /// Milliseconds that the call has waited at nodes before.
    var waitedMilliseconds = 0
    /// The client's address.
    var client: String
    /// The scheme that the client used.
    var scheme: String

    /// A third node may pass a call on to no other (design §3.3).
    static let maxHops = 2

    /// The line about the tenant.
    var tenantLine: [UInt8] {
        var text = "X-Residency-Peer: hop=\(hops);from=\(sender);to=\(target)"
        if let placement { text += ";" + placement.text }
        if isActedOn { text += ";acted=1" }
        if waitedMilliseconds > 0 { text += ";waited=\(waitedMilliseconds)" }
        return Array((text + "\r\n").utf8)
    }

    /// The line about the client.
    static func originLine(client: String, scheme: String) -> [UInt8] {
        Array("X-Residency-Peer-Origin: client=\(client);scheme=\(scheme)\r\n".utf8)
    }

    init(
        hops: Int, sender: String, target: Region, placement: StatedPlacement?, client: String = "",
        scheme: String = "http"
    ) {
        self.hops = hops
        self.sender = sender
        self.target = target
        self.placement = placement
        self.client = client
        self.scheme = scheme
    }

    /// - Parameters:
    ///   - line: the value of `X-Residency-Peer`.
    ///   - origin: the value of `X-Residency-Peer-Origin`.
    /// - Throws: `badPeerCall` where either is not as a gateway writes it.
    init(line: String, origin: String) throws(RouterError) {
        let fields = PeerFields(line)
        let originFields = PeerFields(origin)
        guard let hops = fields["hop"].flatMap({ Int($0) }), (1...Self.maxHops).contains(hops),
            let sender = fields["from"], !sender.isEmpty, let target = fields["to"].flatMap({ Region(String($0)) }),
            let client = originFields["client"], !client.isEmpty, let scheme = originFields["scheme"],
            scheme == "http" || scheme == "https"
        else { throw Self.malformed }
        self.init(
            hops: hops, sender: String(sender), target: target, placement: nil, client: String(client),
            scheme: String(scheme))
        if fields["tenant"] != nil {
            guard let placement = StatedPlacement(fields) else { throw Self.malformed }
            self.placement = placement
        }
        isActedOn = fields["acted"] == "1"
        waitedMilliseconds = max(0, fields["waited"].flatMap { Int($0) } ?? 0)
    }

    /// What the head of a request on the peers' listener says.
    init(_ bytes: UnsafeRawBufferPointer, _ head: RequestHead) throws(RouterError) {
        guard !head.repeatsPeer else { throw Self.malformed }
        try self.init(line: HTTPBytes.text(bytes, head.peer), origin: HTTPBytes.text(bytes, head.peerOrigin))
    }

    private static let malformed = RouterError(
        .badPeerCall,
        "A call on the peers' listener does not say what a gateway of this release says; call the public "
            + "URL, or give all nodes the same release.")
}
