import Foundation

/// Adding many records at once.
extension StoreSession {
    /// A record of the batch that is known, and what it gets from its line.
    private struct Completion {
        let before: TenantRecord
        var after: TenantRecord
    }

    func importTenants(_ batch: [ImportedTenant], actor: String) throws -> Change<ImportOutcome> {
        var outcome = ImportOutcome()
        var added: [TenantRecord] = []
        var addedLines: [TenantAlias: ImportedTenant] = [:]
        var completed: [Completion] = []
        var completedIDs: Set<TenantID> = []
        let hasTombstones = try row("SELECT tenant_id FROM tombstone_aliases LIMIT 1") != nil
        let knownOwners = try ownersByName(batch.flatMap(\.aliases))
        let knownRecords = try records(Array(Set(knownOwners.values)))
        for line in batch {
            if let earlier = line.aliases.lazy.compactMap({ addedLines[$0] }).first {
                note(line, differs: earlier.secret != line.secret || earlier.region != line.region, in: &outcome)
                continue
            }
            let owners = Set(line.aliases.compactMap { knownOwners[$0] })
            guard let id = owners.first else {
                added.append(try newRecord(line, mayRevive: hasTombstones))
                for alias in line.aliases { addedLines[alias] = line }
                continue
            }
            // A record that a line of this batch has just completed has been read before that: it is left as it is.
            guard owners.count == 1, !completedIDs.contains(id), let known = knownRecords[id]
            else {
                note(line, differs: owners.count > 1, in: &outcome)
                continue
            }
            if let completion = try complete(known, from: line, outcome: &outcome) {
                completed.append(completion)
                completedIDs.insert(id)
            }
        }
        outcome.added = added.count
        outcome.completed = completed.count
        for record in added {
            let number = takeNumber()
            insert(record, number: number)
            audit(number, record.id, actor: actor, "imported", "\(record.state), \(record.placement.region)")
        }
        for var completion in completed {
            let number = takeNumber()
            completion.after.updatedAt = now
            for alias in completion.after.aliases where !completion.before.aliases.contains(alias) {
                insert(alias, of: completion.before.id)
            }
            try update(completion.after, before: completion.before, number: number)
            audit(number, completion.before.id, actor: actor, "completed from an import", "")
        }
        return .none(outcome)
    }

    private func newRecord(_ line: ImportedTenant, mayRevive: Bool) throws -> TenantRecord {
        let (id, epoch) = mayRevive ? try revive(line.aliases) : (.random(), 1)
        return TenantRecord(
            id: id, aliases: line.aliases, state: line.isUninstalled ? .uninstalled : .installed,
            placement: Placement(region: line.region, epoch: epoch, state: .serving), hostRealm: nil,
            hostBaseURL: line.hostBaseURL, product: line.product, cloudID: line.cloudID,
            secret: try line.secret.map { try seal($0, for: id) }, sequence: 0, installedAt: now, updatedAt: now,
            uninstalledAt: line.isUninstalled ? now : nil)
    }

    /// Fills what is missing, and nothing else.
    private func complete(_ known: TenantRecord, from line: ImportedTenant, outcome: inout ImportOutcome) throws
        -> Completion?
    {
        let secret = try known.secret.map { try sealer.open($0, for: known.id) }
        let isOtherSecret = secret != nil && line.secret != nil && secret != line.secret
        guard known.state != .pending, !isOtherSecret, known.placement.region == line.region else {
            note(line, differs: known.state != .pending, in: &outcome)
            return nil
        }
        var after = known
        var isChanged = false
        for alias in line.aliases where !known.aliases.contains(alias) {
            guard !known.aliases.contains(where: { $0.framework == alias.framework && $0.app == alias.app }) else {
                continue
            }
            after.aliases.append(alias)
            isChanged = true
        }
        if known.secret == nil, let secret = line.secret {
            after.secret = try seal(secret, for: known.id)
            isChanged = true
        }
        isChanged = Self.fill(&after.hostBaseURL, from: line.hostBaseURL) || isChanged
        isChanged = Self.fill(&after.product, from: line.product) || isChanged
        isChanged = Self.fill(&after.cloudID, from: line.cloudID) || isChanged
        guard isChanged else {
            outcome.skipped += 1
            return nil
        }
        return Completion(before: known, after: after)
    }

    private static func fill(_ value: inout String?, from line: String?) -> Bool {
        guard value == nil, let line else { return false }
        value = line
        return true
    }

    private func note(_ line: ImportedTenant, differs: Bool, in outcome: inout ImportOutcome) {
        outcome.skipped += 1
        if differs, let alias = line.aliases.first { outcome.differing.append(alias) }
    }
}
