import Foundation
import GRDB

/// Reading and writing tenants.
extension SQLiteSession {
    static let columns = """
        t.id, t.state, t.region, t.epoch, t.placement_state, t.host_realm, t.host_base_url, t.product, t.cloud_id, \
        t.secret, t.previous_secret, t.previous_secret_until, t.seq, t.installed_at, t.updated_at, t.uninstalled_at
        """

    func record(_ key: TenantKey) throws -> TenantRecord? {
        switch key {
        case .id(let id): try record(id)
        case .alias(let alias): try owner(of: alias).flatMap { try record($0) }
        }
    }

    func record(_ id: TenantID) throws -> TenantRecord? {
        try row("SELECT \(Self.columns) FROM tenants t WHERE t.id = ?", [id.description]).map(record)
    }

    func owner(of alias: TenantAlias) throws -> TenantID? {
        try row(
            "SELECT tenant_id FROM tenant_aliases WHERE framework = ? AND app = ? AND name = ?", arguments(alias)
        )?.tenantID(0)
    }

    /// From a row of ``columns``; its names are read beside it.
    func record(_ row: StoredRow) throws -> TenantRecord {
        let id = try row.tenantID(0)
        return TenantRecord(
            id: id, aliases: try aliases(of: id), state: try row.name(1),
            placement: Placement(region: try row.region(2), epoch: try row.number(3), state: try row.name(4)),
            hostRealm: try row.optionalRegion(5), hostBaseURL: try row.optionalText(6),
            product: try row.optionalText(7), cloudID: try row.optionalText(8), secret: try row.optionalBytes(9),
            previousSecret: try row.optionalBytes(10), previousSecretUntil: try row.optionalNumber(11),
            sequence: try row.number(12), installedAt: try row.number(13), updatedAt: try row.number(14),
            uninstalledAt: try row.optionalNumber(15))
    }

    private func aliases(of id: TenantID) throws -> [TenantAlias] {
        try rows(
            "SELECT framework, app, name FROM tenant_aliases WHERE tenant_id = ? ORDER BY framework, app, name",
            [id.description]
        ).map { try $0.alias(from: 0) }
    }

    /// Adds a record and its names. The names must be free.
    func insert(_ record: TenantRecord) throws {
        try execute(
            """
            INSERT INTO tenants (state, region, epoch, placement_state, host_realm, displaced, host_base_url, product, \
            cloud_id, secret, previous_secret, previous_secret_until, seq, installed_at, updated_at, uninstalled_at, \
            id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, values(record))
        for alias in record.aliases { try insert(alias, of: record.id) }
    }

    /// Writes all of a record but its names.
    /// - Parameter before: the record as it was read in this transaction.
    func update(_ record: TenantRecord, before: TenantRecord) throws {
        try before.checkSuccessor(record)
        try execute(
            """
            UPDATE tenants SET state = ?, region = ?, epoch = ?, placement_state = ?, host_realm = ?, displaced = ?, \
            host_base_url = ?, product = ?, cloud_id = ?, secret = ?, previous_secret = ?, previous_secret_until = ?, \
            seq = ?, installed_at = ?, updated_at = ?, uninstalled_at = ? WHERE id = ?
            """, values(record))
    }

    private func values(_ record: TenantRecord) -> StatementArguments {
        let values: [(any DatabaseValueConvertible)?] = [
            record.state.rawValue, record.placement.region.code, record.placement.epoch,
            record.placement.state.rawValue, record.hostRealm?.code, record.isDisplaced ? 1 : 0, record.hostBaseURL,
            record.product, record.cloudID, record.secret.map { Data($0) }, record.previousSecret.map { Data($0) },
            record.previousSecretUntil, record.sequence, record.installedAt, record.updatedAt, record.uninstalledAt,
            record.id.description,
        ]
        return StatementArguments(values)
    }

    func insert(_ alias: TenantAlias, of id: TenantID) throws {
        try execute(
            "INSERT INTO tenant_aliases (framework, app, name, tenant_id) VALUES (?, ?, ?, ?)",
            [alias.framework.rawValue, alias.app, alias.name, id.description])
    }

    func remove(_ alias: TenantAlias) throws {
        try execute("DELETE FROM tenant_aliases WHERE framework = ? AND app = ? AND name = ?", arguments(alias))
    }

    func arguments(_ alias: TenantAlias) -> StatementArguments {
        [alias.framework.rawValue, alias.app, alias.name]
    }
}
