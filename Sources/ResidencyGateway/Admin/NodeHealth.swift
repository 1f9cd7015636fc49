import TenantDirectory

/// What `/readyz` says of the records this node holds, of disputed tenants and of the other nodes.
struct NodeHealth: Sendable {
    /// Disputed tenants that are named.
    private static let namesAtOnce = 20

    let directory: Directory
    let keeper: NodeKeeper<ContinuousClock>

    /// Asks nothing that could wait for long.
    func conditions() async -> [Health.Part: Health.Condition] {
        var conditions: [Health.Part: Health.Condition] = [:]
        conditions[.records] = directory.refusal.map { .failing($0) } ?? .fine
        let warnings = keeper.report.warnings
        conditions[.nodes] = warnings.isEmpty ? .fine : .failing(warnings.joined(separator: " "))
        if let disputed = try? await directory.disputed(limit: Self.namesAtOnce + 1) {
            conditions[.tenants] = disputed.isEmpty ? .fine : .failing(Self.sentence(disputed))
        }
        return conditions
    }

    private static func sentence(_ ids: [TenantID]) -> String {
        let names = ids.prefix(namesAtOnce).map(\.description).joined(separator: ", ")
        return "disputed, and admitted nowhere: \(names)\(ids.count > namesAtOnce ? " and more" : ""); say where each "
            + "lives with `residency-gateway tenants settle TENANT --region REGION`"
    }
}
