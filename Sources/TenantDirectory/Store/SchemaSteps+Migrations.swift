/// The journal of migrations.
extension SchemaSteps {
    static let migrations = [
        "CREATE TABLE directory_name (id BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL)",
        """
        CREATE TABLE migrations (
            id TEXT NOT NULL PRIMARY KEY,
            tenant_id TEXT NOT NULL,
            source TEXT NOT NULL,
            target TEXT NOT NULL,
            kind TEXT NOT NULL,
            mode TEXT NOT NULL,
            host_id TEXT,
            window_end BIGINT,
            commit_mode TEXT NOT NULL,
            start_at BIGINT NOT NULL,
            batch TEXT,
            batch_at_once BIGINT NOT NULL,
            wishes TEXT NOT NULL,
            holder TEXT,
            incarnation TEXT,
            generation BIGINT NOT NULL,
            counter BIGINT NOT NULL,
            phase TEXT NOT NULL,
            is_over BIGINT NOT NULL,
            attempt BIGINT NOT NULL,
            is_return BIGINT NOT NULL,
            purge_at BIGINT,
            progress TEXT NOT NULL,
            findings TEXT NOT NULL,
            reason TEXT NOT NULL,
            receipt TEXT NOT NULL,
            created_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL
        )
        """,
        // One at a time; a plan changes nothing, and may be made beside it.
        "CREATE UNIQUE INDEX migrations_active ON migrations (tenant_id) WHERE is_over = 0 AND kind <> 'plan'",
        "CREATE INDEX migrations_by_tenant ON migrations (tenant_id, created_at)",
        "CREATE INDEX migrations_unfinished ON migrations (id) WHERE is_over = 0",
    ]
}
