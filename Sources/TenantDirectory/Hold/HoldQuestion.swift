/// What a coordinator asks a node, in the steps of a cutover. All of it bears being asked twice.
package enum HoldQuestion: Sendable, Equatable {
    /// What of the tenant is in flight, and which epoch the node knows.
    case traffic(TenantID, target: Region)
    /// Close the gate, drain, and acknowledge once the mirror has it on disk.
    case hold(TenantHold, DrainRule, target: Region)
    /// The hold is over: the tenant serves there. The number is that of the change.
    case release(TenantID, Placement, sequence: Int64)

    /// Whose cutover it is.
    package var tenant: TenantID {
        switch self {
        case .traffic(let id, _), .release(let id, _, _): id
        case .hold(let hold, _, _): hold.tenant
        }
    }
}

/// What a node answers.
package enum HoldAnswer: Sendable, Equatable {
    case traffic(TenantTraffic, knownEpoch: Int64, HoldStanding)
    case acknowledged(NodeRecord.Identity, HoldStanding)
    /// It is held, and these have not ended in time.
    case inTheWay([String])
    /// The node knows a higher epoch than that of the hold.
    case ahead(Int64)
    case released
    /// It cannot, now: a sentence that says why.
    case unable(String)
}

/// The way to a node.
package protocol HoldLink: Sendable {
    /// - Returns: `nil` where the node does not answer in time.
    func ask(_ node: NodeRecord, _ question: HoldQuestion, within timeout: Duration) async -> HoldAnswer?
}
