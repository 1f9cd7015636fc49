import Foundation

/// Reading many records.
extension StoreSession {
    func tenants(after: TenantID?, limit: Int, filter: TenantFilter) throws -> [Tenant] {
        var conditions = ["t.id > ?"]
        var values: [SQLValue] = [.text(after?.description ?? "")]
        if let region = filter.region {
            conditions.append("t.region = ?")
            values.append(.text(region.code))
        }
        if let state = filter.state {
            conditions.append("t.state = ?")
            values.append(.text(state.rawValue))
        }
        if filter.displacedOnly { conditions.append("t.displaced = 1") }
        values.append(.integer(Int64(max(0, limit))))
        let condition = conditions.joined(separator: " AND ")
        let rows = try rows(
            "SELECT \(Self.columns) FROM tenants t WHERE \(condition) ORDER BY t.id LIMIT ?", values)
        return try records(rows).map { try $0.opened(sealer) }
    }

    func counts() throws -> TenantCounts {
        var byState: [Tenant.State: Int] = [:]
        for row in try rows("SELECT state, COUNT(*) FROM tenants GROUP BY state") {
            byState[try row.name(0)] = Int(try row.number(1))
        }
        let displaced = try row("SELECT COUNT(*) FROM tenants WHERE displaced = 1")?.number(0) ?? 0
        return TenantCounts(byState: byState, displaced: Int(displaced))
    }

    func lastSequence() throws -> Int64 {
        try row("SELECT seq FROM feed_counter WHERE id = 1")?.number(0) ?? 0
    }

    func auditEntries(of tenant: TenantID?, limit: Int) throws -> [AuditEntry] {
        let columns = "SELECT at, tenant_id, actor, action, detail FROM audit"
        let limit = SQLValue.integer(Int64(max(0, limit)))
        let found =
            if let tenant {
                try rows("\(columns) WHERE tenant_id = ? ORDER BY seq DESC LIMIT ?", [SQLValue(tenant), limit])
            } else {
                try rows("\(columns) ORDER BY seq DESC LIMIT ?", [limit])
            }
        return try found.map { row in
            AuditEntry(
                at: Date(milliseconds: try row.number(0)), tenant: try row.optionalText(1).flatMap { TenantID($0) },
                actor: try row.text(2), action: try row.text(3), detail: try row.text(4))
        }
    }
}
