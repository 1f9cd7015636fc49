/// Tenants of which a node knows more than the directory, because the directory has lost its last changes.
extension StoreSession {
    /// Notes the epoch that a node has known; a dispute that is over meanwhile stays so.
    func dispute(_ id: TenantID, knownEpoch: Int64, actor: String) throws -> Change<Void> {
        guard let before = try record(id) else { return .none(()) }
        guard before.placement.epoch <= knownEpoch, knownEpoch > before.disputedEpoch ?? 0 else { return .none(()) }
        var record = before
        record.disputedEpoch = knownEpoch
        record.updatedAt = now
        let number = takeNumber()
        try update(record, before: before, number: number)
        audit(
            number, id, actor: actor, "disputed",
            "\(before.placement.region) epoch \(before.placement.epoch) here, epoch \(knownEpoch) at a node")
        return .none(())
    }

    /// Ends a dispute: the tenant lives in that region, with an epoch above all that were known.
    func settle(_ id: TenantID, in region: Region, actor: String) throws -> Change<Tenant> {
        let before = try known(id)
        guard let disputed = before.disputedEpoch else {
            throw DirectoryError(
                .conflict,
                "Tenant \(id) is not disputed: it lives in \(before.placement.region). Nothing was changed.")
        }
        var record = before
        let epoch = max(before.placement.epoch, disputed) + 1
        record.placement = Placement(region: region, epoch: epoch, state: .serving)
        record.disputedEpoch = nil
        record.updatedAt = now
        let number = takeNumber()
        try update(record, before: before, number: number)
        audit(number, id, actor: actor, "settled", "\(region) epoch \(epoch), was \(before.placement.region)")
        return .numbered(try record.opened(sealer), number)
    }

    /// The ids of disputed tenants, at most so many.
    func disputed(limit: Int) throws -> [TenantID] {
        try rows(
            "SELECT id FROM tenants WHERE disputed_epoch IS NOT NULL ORDER BY id LIMIT ?", [.integer(Int64(limit))]
        ).map { try $0.tenantID(0) }
    }
}
