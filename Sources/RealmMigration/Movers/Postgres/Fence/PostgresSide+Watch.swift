import TenantDirectory

extension PostgresSide {
    /// Changes with everything by which rows could be changed unseen: triggers of the fence that were switched off,
    /// dropped or made anew, its function, and the publication that tells what is written. PostgreSQL marks each row of
    /// its catalogs with the transaction that wrote it, so that what was put back is known, too.
    func watchMark(_ ticket: MoveTicket) async throws(MigrationError) -> String {
        let names = StoreNames(ticket)
        let prefix = "zz_residency_\(names.short)_"
        return try await run(
            "looking whether the fence was touched",
            """
            SELECT md5(coalesce(string_agg(o.mark, ' ' ORDER BY o.mark), '')) FROM (
                SELECT format('trigger %s %s %s', oid, xmin, tgenabled) AS mark FROM pg_trigger
                WHERE left(tgname, \(prefix.utf8.count)) = '\(prefix)'
                UNION ALL SELECT format('function %s %s', oid, xmin) FROM pg_proc
                WHERE pronamespace = to_regnamespace('residency') AND strpos(proname, '_\(names.short)') > 0
                UNION ALL SELECT format('publication %s %s', oid, xmin) FROM pg_publication
                WHERE pubname = \(SQLText.literal(names.publication))
                UNION ALL SELECT format('published %s %s', r.oid, r.xmin) FROM pg_publication_rel r
                JOIN pg_publication p ON p.oid = r.prpubid WHERE p.pubname = \(SQLText.literal(names.publication))) o
            """
        ).last?.value ?? ""
    }
}

extension PostgresSourceStore {
    package func watchMark(_ ticket: MoveTicket) async throws(MigrationError) -> String {
        try await side.watchMark(ticket)
    }
}

extension PostgresTargetStore {
    package func watchMark(_ ticket: MoveTicket) async throws(MigrationError) -> String {
        try await side.watchMark(ticket)
    }
}
