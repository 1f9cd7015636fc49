import GRDB

/// Changes of one known record.
extension SQLiteSession {
    func setState(_ state: Tenant.State, of id: TenantID, actor: String) throws -> Tenant {
        let before = try known(id)
        guard before.state != state else { return try before.opened(sealer) }
        guard state != .pending, state != .installed, state == .uninstalled || before.state.isServed else {
            throw DirectoryError(
                .conflict,
                "Tenant \(id) is \(before.state), and cannot become \(state) without an `installed` that the app has "
                    + "answered. Nothing was changed.")
        }
        var record = before
        record.state = state
        record.uninstalledAt = state == .uninstalled ? now : nil
        record.updatedAt = now
        record.sequence = try takeNumbers()
        try update(record, before: before)
        try audit(record.sequence, id, actor: actor, state.rawValue, "\(before.state) to \(state)")
        return try record.opened(sealer)
    }

    func recordForgeInstallation(_ install: ForgeInstall, actor: String) throws -> Tenant {
        if let known = try record(.alias(install.alias)) { return try known.opened(sealer) }
        let (id, epoch) = try revive([install.alias])
        let record = TenantRecord(
            id: id, aliases: [install.alias], state: .installed,
            placement: Placement(region: install.region, epoch: epoch, state: .serving), hostRealm: install.hostRealm,
            hostBaseURL: install.hostBaseURL, product: install.product, cloudID: install.cloudID,
            sequence: try takeNumbers(), installedAt: now, updatedAt: now)
        try insert(record)
        try audit(record.sequence, id, actor: actor, "installed", "first call of Forge, \(install.region)")
        return try record.opened(sealer)
    }

    func noteHostRealm(_ region: Region, of id: TenantID) throws -> Tenant {
        let before = try known(id)
        guard before.hostRealm != region else { return try before.opened(sealer) }
        var record = before
        record.hostRealm = region
        record.updatedAt = now
        record.sequence = try takeNumbers()
        try update(record, before: before)
        return try record.opened(sealer)
    }

    private func known(_ id: TenantID) throws -> TenantRecord {
        guard let record = try record(id) else {
            throw DirectoryError(.unknownTenant, "There is no tenant \(id). `tenants list` shows those there are.")
        }
        return record
    }
}
