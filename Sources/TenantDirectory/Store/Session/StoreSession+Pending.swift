import Foundation

/// What waits for the app's answer.
extension StoreSession {
    /// Stores an install beside what is in force, in the place of an earlier one.
    /// - Parameter names: names of the install that the record does not have yet are stored with it.
    /// - Returns: the name of the attempt.
    func store(_ install: Install, newRegion: Region?, names: [TenantAlias], of record: TenantRecord) throws
        -> String
    {
        removePendingInstall(of: record.id)
        let attempt = Hexadecimal.lowerCase(SecureRandom.bytes(16))
        let values: [SQLValue] = [
            SQLValue(record.id), .text(attempt), .bytes(try seal(install.secret, for: record.id)),
            .text(install.hostBaseURL), SQLValue(install.product), SQLValue(install.cloudID),
            .text(install.hostRealm.code), SQLValue(newRegion?.code), .integer(now),
        ]
        add(
            """
            INSERT INTO pending_installs (tenant_id, attempt, secret, host_base_url, product, cloud_id, host_realm, \
            new_region, begun_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, values)
        for alias in names where !record.aliases.contains(alias) {
            add(
                "INSERT INTO pending_aliases (tenant_id, framework, app, name) VALUES (?, ?, ?, ?)",
                [SQLValue(record.id)] + self.values(alias))
        }
        return attempt
    }

    func pendingInstall(of id: TenantID) throws -> PendingInstall? {
        let row = try row(
            """
            SELECT attempt, secret, host_base_url, product, cloud_id, host_realm, new_region FROM pending_installs \
            WHERE tenant_id = ?
            """, [SQLValue(id)])
        guard let row else { return nil }
        let names = try rows(
            "SELECT framework, app, name FROM pending_aliases WHERE tenant_id = ?",
            [SQLValue(id)])
        return PendingInstall(
            attempt: try row.text(0), secret: try row.bytes(1), hostBaseURL: try row.text(2),
            product: try row.optionalText(3), cloudID: try row.optionalText(4), hostRealm: try row.region(5),
            newRegion: try row.optionalRegion(6),
            aliases: try names.map { try $0.alias(from: 0) }.sorted(by: Self.isOrdered))
    }

    func removePendingInstall(of id: TenantID) {
        add("DELETE FROM pending_aliases WHERE tenant_id = ?", [SQLValue(id)])
        add("DELETE FROM pending_installs WHERE tenant_id = ?", [SQLValue(id)])
    }
}

extension Duration {
    /// Whole milliseconds, cut towards zero and at the ends of the range.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        guard !overflow else { return seconds < 0 ? .min / 2 : .max / 2 }
        return product + attoseconds / 1_000_000_000_000_000
    }
}
