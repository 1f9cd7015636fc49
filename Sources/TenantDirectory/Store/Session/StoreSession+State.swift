/// Changes of one known record.
extension StoreSession {
    func setState(_ state: Tenant.State, of id: TenantID, actor: String) throws -> Change<Tenant> {
        let before = try known(id)
        guard before.state != state else { return .none(try before.opened(sealer)) }
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
        if state == .uninstalled { try endMigrations(ofUninstalled: id) }
        let number = takeNumber()
        try update(record, before: before, number: number)
        audit(number, id, actor: actor, state.rawValue, "\(before.state) to \(state)")
        return .numbered(try record.opened(sealer), number)
    }

    func recordForgeInstallation(_ install: ForgeInstall, actor: String) throws -> Change<Tenant> {
        if let known = try record(.alias(install.alias)) { return .none(try known.opened(sealer)) }
        let (id, epoch) = try revive([install.alias])
        let record = TenantRecord(
            id: id, aliases: [install.alias], state: .installed,
            placement: Placement(region: install.region, epoch: epoch, state: .serving), hostRealm: install.hostRealm,
            hostBaseURL: install.hostBaseURL, product: install.product, cloudID: install.cloudID,
            sequence: 0, installedAt: now, updatedAt: now)
        let number = takeNumber()
        insert(record, number: number)
        audit(number, id, actor: actor, "installed", "first call of Forge, \(install.region)")
        return .numbered(try record.opened(sealer), number)
    }

    func noteHostRealm(_ region: Region, of id: TenantID) throws -> Change<Tenant> {
        let before = try known(id)
        guard before.hostRealm != region else { return .none(try before.opened(sealer)) }
        var record = before
        record.hostRealm = region
        record.updatedAt = now
        let number = takeNumber()
        try update(record, before: before, number: number)
        return .numbered(try record.opened(sealer), number)
    }

    func known(_ id: TenantID) throws -> TenantRecord {
        guard let record = try record(id) else {
            throw DirectoryError(.unknownTenant, "There is no tenant \(id). `tenants list` shows those there are.")
        }
        return record
    }

    /// - Throws: `.conflict` for a region that is no place.
    static func check(_ region: Region) throws(DirectoryError) {
        guard region != .global else {
            throw DirectoryError(
                .conflict, "GLOBAL is a URL, not a place: a tenant that arrives there is placed in the default region.")
        }
    }
}
