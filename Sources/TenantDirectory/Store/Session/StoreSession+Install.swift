import Foundation

/// `installed`, from its arrival to the app's answer.
extension StoreSession {
    func beginInstall(_ install: Install, actor: String) throws -> Change<InstallAttempt> {
        let owners = try self.owners(of: install.aliases)
        guard let known = owners.first else { return try beginFirstInstall(install, actor: actor) }
        for other in owners.dropFirst() { try checkJoin(known, other, reinstallWindow: install.reinstallWindow) }
        var record = known
        var newRegion: Region?
        if known.state == .pending, known.placement.region != install.region {
            // Nothing of it lives anywhere yet.
            record.placement = Placement(
                region: install.region, epoch: known.placement.epoch + 1, state: known.placement.state)
        } else if isPast(known, reinstallWindow: install.reinstallWindow), known.placement.region != install.region {
            newRegion = install.region
        }
        let attempt = try store(install, newRegion: newRegion, names: install.aliases, of: known)
        let number = takeNumber()
        let isMoved = record.placement != known.placement
        if isMoved {
            record.updatedAt = now
            try update(record, before: known, number: number)
        }
        audit(number, known.id, actor: actor, "install begun", "\(known.state), \(record.placement.region)")
        // The app instance that hears of it is the one the tenant will live at.
        if let newRegion {
            record.placement.region = newRegion
            record.placement.epoch += 1
        }
        let tenant = try record.opened(sealer)
        let change = isMoved ? Change.numbered(tenant, number) : .none(tenant)
        return Change { InstallAttempt(tenant: change.answer($0), attempt: attempt) }
    }

    private func beginFirstInstall(_ install: Install, actor: String) throws -> Change<InstallAttempt> {
        let (id, epoch) = try revive(install.aliases)
        let record = TenantRecord(
            id: id, aliases: install.aliases, state: .pending,
            placement: Placement(region: install.region, epoch: epoch, state: .serving), hostRealm: install.hostRealm,
            hostBaseURL: install.hostBaseURL, product: install.product, cloudID: install.cloudID, secret: nil,
            sequence: 0, installedAt: now, updatedAt: now)
        let attempt = try store(install, newRegion: nil, names: [], of: record)
        let number = takeNumber()
        insert(record, number: number)
        audit(number, id, actor: actor, "install begun", "new, \(install.region)")
        let change = Change.numbered(try record.opened(sealer), number)
        return Change { InstallAttempt(tenant: change.answer($0), attempt: attempt) }
    }

    func completeInstall(_ attempt: InstallAttempt, keepPreviousFor milliseconds: Int64, actor: String) throws
        -> Change<Tenant>
    {
        let id = attempt.tenant.id
        guard let before = try record(id), let pending = try pendingInstall(of: id), pending.attempt == attempt.attempt
        else {
            throw DirectoryError(
                .conflict, "A later install of tenant \(id) has replaced this one. The host's next call counts.")
        }
        var record = before
        let others = try owners(of: pending.aliases).filter { $0.id != id }
        for other in others { try checkJoin(before, other, reinstallWindow: nil) }
        let isRotated = try takeSecret(of: pending, others: others, into: &record, keepPreviousFor: milliseconds)
        if record.state == .uninstalled, let region = pending.newRegion, region != record.placement.region {
            record.placement = Placement(region: region, epoch: record.placement.epoch + 1, state: .serving)
        }
        if !record.state.isServed { record.state = .installed }
        record.uninstalledAt = nil
        record.hostBaseURL = pending.hostBaseURL
        record.product = pending.product ?? record.product
        record.cloudID = pending.cloudID ?? others.lazy.compactMap(\.cloudID).first ?? record.cloudID
        record.hostRealm = pending.hostRealm
        record.installedAt = now
        record.updatedAt = now
        record.aliases = names(of: before, others: others, pending: pending.aliases)
        removePendingInstall(of: id)
        for alias in before.aliases where !record.aliases.contains(alias) { remove(alias) }
        for other in others {
            let number = takeNumber()
            remove(other, leading: [], number: number)
            audit(number, other.id, actor: actor, "joined", "now known as \(id)")
        }
        let number = takeNumber()
        for alias in record.aliases where !before.aliases.contains(alias) { insert(alias, of: id) }
        try update(record, before: before, number: number)
        audit(
            number, id, actor: actor, isRotated ? "installed, secret rotated" : "installed",
            "\(before.state) to \(record.state), \(record.placement.region) epoch \(record.placement.epoch)")
        return .numbered(try record.opened(sealer), number)
    }

    func abandonInstall(_ attempt: InstallAttempt, actor: String) throws -> Change<Void> {
        let id = attempt.tenant.id
        guard let record = try record(id), let pending = try pendingInstall(of: id), pending.attempt == attempt.attempt
        else { return .none(()) }
        removePendingInstall(of: id)
        let number = takeNumber()
        if record.state == .pending { remove(record, leading: record.aliases, number: number) }
        audit(number, id, actor: actor, "install abandoned", "\(record.state)")
        return .none(())
    }

    /// The secret that was in force stays valid for a while, but not one that an `uninstalled` has ended.
    /// - Returns: whether another secret was in force.
    private func takeSecret(
        of pending: PendingInstall, others: [TenantRecord], into record: inout TenantRecord,
        keepPreviousFor milliseconds: Int64
    ) throws -> Bool {
        let new = try sealer.open(pending.secret, for: record.id)
        let holders = ([record] + others).filter { $0.state.isServed }
        let old = try holders.lazy.compactMap { holder in
            try holder.secret.map { try sealer.open($0, for: holder.id) }
        }.first
        record.secret = pending.secret
        if let old, old != new {
            record.previousSecret = try seal(old, for: record.id)
            record.previousSecretUntil = now + milliseconds
            return true
        }
        if old == nil || (record.previousSecretUntil ?? 0) <= now {
            record.previousSecret = nil
            record.previousSecretUntil = nil
        }
        return false
    }

    /// The names of both, where a new name of an app takes the place of the old one.
    private func names(of record: TenantRecord, others: [TenantRecord], pending: [TenantAlias]) -> [TenantAlias] {
        var names: [TenantAlias] = []
        for alias in pending + record.aliases + others.flatMap(\.aliases)
        where !names.contains(where: { $0.framework == alias.framework && $0.app == alias.app }) {
            names.append(alias)
        }
        return names.sorted { ($0.framework.rawValue, $0.app) < ($1.framework.rawValue, $1.app) }
    }

    /// The tenants behind the names: those that were ever installed first, then the older one.
    private func owners(of aliases: [TenantAlias]) throws -> [TenantRecord] {
        var owners: [TenantRecord] = []
        for alias in aliases {
            guard let id = try owner(of: alias), !owners.contains(where: { $0.id == id }), let record = try record(id)
            else { continue }
            owners.append(record)
        }
        return owners.sorted { left, right in
            if (left.state == .pending) != (right.state == .pending) { return right.state == .pending }
            return (left.installedAt, left.id.description) < (right.installedAt, right.id.description)
        }
    }

    /// - Throws: `.conflict` where two tenants cannot become one: each has data, in different regions or on the move.
    private func checkJoin(_ tenant: TenantRecord, _ other: TenantRecord, reinstallWindow: Duration?) throws {
        if tenant.state == .pending || other.state == .pending { return }
        if let reinstallWindow, isPast(other, reinstallWindow: reinstallWindow) { return }
        guard tenant.placement.region == other.placement.region, tenant.placement.state == .serving,
            other.placement.state == .serving
        else {
            throw DirectoryError(
                .conflict,
                "The install names two tenants: \(tenant.id) in \(tenant.placement.region) and \(other.id) in "
                    + "\(other.placement.region). Move one to the region of the other, then let the host repeat it.")
        }
    }

    private func isPast(_ record: TenantRecord, reinstallWindow: Duration) -> Bool {
        guard record.state == .uninstalled, let uninstalledAt = record.uninstalledAt else { return false }
        return now - uninstalledAt > reinstallWindow.milliseconds
    }
}
