/// Which keys the secrets are sealed with, and sealing them anew.
extension StoreSession {
    /// A column of sealed secrets, and where its number is counted.
    private static let sealedColumns: [(text: String, count: any WritableKeyPath<SealingKeyUse, Int> & Sendable)] = [
        ("SELECT substr(secret, 2, 8), COUNT(*) FROM tenants GROUP BY substr(secret, 2, 8)", \.secrets),
        (
            "SELECT substr(previous_secret, 2, 8), COUNT(*) FROM tenants GROUP BY substr(previous_secret, 2, 8)",
            \.previousSecrets
        ),
        ("SELECT substr(secret, 2, 8), COUNT(*) FROM pending_installs GROUP BY substr(secret, 2, 8)", \.pendingSecrets),
    ]

    /// All keys that the directory knows or that this process has, the current one first.
    func sealingKeys() throws -> [SealingKeyUse] {
        let ring = sealer.ring
        var uses: [String: SealingKeyUse] = [:]
        func add(_ id: String) {
            guard uses[id] == nil else { return }
            uses[id] = SealingKeyUse(id: id, name: ring.name(of: id), isCurrent: id == ring.current.hexadecimalID)
        }
        for row in try rows("SELECT id FROM sealing_keys") { add(try row.text(0)) }
        ring.ids.forEach(add)
        for (text, count) in Self.sealedColumns {
            for row in try rows(text) {
                guard let id = try row.optionalBytes(0) else { continue }
                add(Hexadecimal.lowerCase(id))
                uses[Hexadecimal.lowerCase(id)]?[keyPath: count] += Int(try row.number(1))
            }
        }
        return uses.values.sorted { ($0.isCurrent ? 0 : 1, $0.id) < ($1.isCurrent ? 0 : 1, $1.id) }
    }

    /// Seals the next records anew that are not sealed with the current key.
    ///
    /// They are locked before they are read, so a change that was made meanwhile is what is sealed, and one that comes
    /// after waits: nothing is overwritten.
    func reseal(_ part: ResealedBatch.Part, after: TenantID?, limit: Int, actor: String) throws
        -> Change<ResealedBatch>
    {
        let key = SQLValue.bytes(sealer.ring.current.id)
        let start = SQLValue.text(after?.description ?? "")
        let count = SQLValue.integer(Int64(max(0, limit)))
        var batch = ResealedBatch()
        let changes = changeCount
        switch part {
        case .pendingInstalls:
            let rows = try rows(
                """
                SELECT tenant_id, attempt, secret FROM pending_installs \
                WHERE tenant_id > ? AND substr(secret, 2, 8) <> ? ORDER BY tenant_id LIMIT ?\(runner.lockingSuffix)
                """, [start, key, count])
            for row in rows {
                let id = try row.tenantID(0)
                batch.last = id
                guard let secret = resealed(try row.bytes(2), of: id, &batch) else { continue }
                batch.resealed += 1
                add(
                    "UPDATE pending_installs SET secret = ? WHERE tenant_id = ? AND attempt = ?",
                    [.bytes(secret), SQLValue(id), .text(try row.text(1))])
            }
        case .tenants:
            let ids = try rows(
                """
                SELECT id FROM tenants WHERE id > ? \
                AND (substr(secret, 2, 8) <> ? OR substr(previous_secret, 2, 8) <> ?) ORDER BY id LIMIT ?
                """, [start, key, key, count]
            ).map { try $0.tenantID(0) }
            batch.last = ids.last
            let found = try records(ids)
            for before in ids.compactMap({ found[$0] }) { try reseal(before, &batch) }
        }
        if changeCount > changes {
            add(
                "INSERT INTO audit (seq, at, actor, action, detail) VALUES (?, ?, ?, ?, ?)",
                [
                    .change(changes), .integer(now), .text(actor), "secrets sealed anew",
                    .text("\(batch.resealed) records, with the key \(sealer.ring.current.hexadecimalID)"),
                ])
        }
        return .none(batch)
    }

    private func reseal(_ before: TenantRecord, _ batch: inout ResealedBatch) throws {
        var record = before
        for path in [\TenantRecord.secret, \TenantRecord.previousSecret] {
            guard let sealed = before[keyPath: path] else { continue }
            guard let secret = resealed(sealed, of: before.id, &batch) else { return }
            record[keyPath: path] = secret
        }
        batch.resealed += 1
        try update(record, before: before, number: takeNumber())
    }

    /// - Returns: `nil` where it does not open, which is noted.
    private func resealed(_ sealed: [UInt8], of id: TenantID, _ batch: inout ResealedBatch) -> [UInt8]? {
        guard let secret = try? sealer.open(sealed, for: id) else {
            batch.failed.append(id)
            return nil
        }
        return sealer.seal(secret, for: id)
    }

    /// Seals a secret with the current key, and sees to it that the directory says so: a node that lacks the key
    /// refuses to start, and does not find out at the first call.
    func seal(_ secret: Secret, for tenant: TenantID) throws -> [UInt8] {
        let id = sealer.ring.current.hexadecimalID
        if !hasNotedKey, try row("SELECT id FROM sealing_keys WHERE id = ?", [.text(id)]) == nil {
            add("INSERT INTO sealing_keys (id, first_used_at) VALUES (?, ?)", [.text(id), .integer(now)])
        }
        hasNotedKey = true
        return sealer.seal(secret, for: tenant)
    }

    /// Takes keys that seal nothing any more from those a node must have; the current one stays.
    /// - Returns: their ids.
    func retireKeys() throws -> Change<[String]> {
        let unused = try sealingKeys().filter { !$0.isCurrent && $0.total == 0 }.map(\.id)
        let known = Set(try rows("SELECT id FROM sealing_keys").map { try $0.text(0) })
        for id in unused where known.contains(id) { add("DELETE FROM sealing_keys WHERE id = ?", [.text(id)]) }
        return .none(unused)
    }
}
