/// The directory's tables, as steps that are applied in order and recorded. A step that has been released is never
/// changed; a change of the tables is a new step at the end.
///
/// Only SQL that SQLite and PostgreSQL (and databases that speak its dialect) read alike: type names that both know,
/// times as milliseconds since 1970, identifiers as text, no automatic keys, no triggers.
enum SchemaSteps {
    struct Step: Sendable {
        let number: Int
        let name: String
        let statements: [String]
    }

    /// The step a directory is at once all are applied.
    static var newest: Int { all.last?.number ?? 0 }

    /// Steps below the next multiple of this only add what an older program can do without; one that it cannot live
    /// with takes the next multiple.
    private static let stepsOfMajor = 1_000

    /// Whether this program can work with a directory where those steps are applied.
    /// - Parameters:
    ///   - name: of the directory, for the message.
    ///   - remedy: what to do about a newer one.
    /// - Throws: `.newerSchema` where the steps are of a later major.
    static func check(applied: Int, of name: String, remedy: String) throws(DirectoryError) {
        guard applied / stepsOfMajor > newest / stepsOfMajor else { return }
        throw DirectoryError(
            .newerSchema,
            "The directory \(name) was made by a newer program (schema step \(applied); this one knows \(newest)). "
                + remedy)
    }

    /// Where the applied steps are recorded.
    static let recordTable = """
        CREATE TABLE IF NOT EXISTS schema_steps (
            step BIGINT NOT NULL PRIMARY KEY,
            name TEXT NOT NULL,
            applied_at BIGINT NOT NULL
        )
        """

    static let all: [Step] = [
        Step(
            number: 1, name: "tenants, their names, their changes",
            statements: tenants + pendingInstalls + tombstones + bookkeeping),
        Step(number: 2, name: "ids of changes, disputes, nodes", statements: history + disputes + nodes),
        Step(number: 3, name: "holds and their acknowledgements", statements: holds),
        Step(number: 4, name: "holds of what may write alone", statements: partialHolds),
        Step(number: 5, name: "migrations", statements: migrations),
        Step(
            number: 6, name: "clocks of nodes",
            statements: ["ALTER TABLE nodes ADD COLUMN clock_skew BIGINT"]),
    ]

    private static let tenants = [
        """
        CREATE TABLE tenants (
            id TEXT NOT NULL PRIMARY KEY,
            state TEXT NOT NULL,
            region TEXT NOT NULL,
            epoch BIGINT NOT NULL,
            placement_state TEXT NOT NULL,
            host_realm TEXT,
            displaced BIGINT NOT NULL,
            host_base_url TEXT,
            product TEXT,
            cloud_id TEXT,
            secret BYTEA,
            previous_secret BYTEA,
            previous_secret_until BIGINT,
            seq BIGINT NOT NULL,
            installed_at BIGINT NOT NULL,
            updated_at BIGINT NOT NULL,
            uninstalled_at BIGINT
        )
        """,
        "CREATE INDEX tenants_by_seq ON tenants (seq)",
        "CREATE INDEX tenants_displaced ON tenants (id) WHERE displaced = 1",
        """
        CREATE TABLE tenant_aliases (
            framework TEXT NOT NULL,
            app TEXT NOT NULL,
            name TEXT NOT NULL,
            tenant_id TEXT NOT NULL,
            PRIMARY KEY (framework, app, name)
        )
        """,
        "CREATE INDEX tenant_aliases_by_tenant ON tenant_aliases (tenant_id)",
    ]

    /// What an `installed` said, until the app has answered it. The tenant goes on with what is in `tenants`.
    private static let pendingInstalls = [
        """
        CREATE TABLE pending_installs (
            tenant_id TEXT NOT NULL PRIMARY KEY,
            attempt TEXT NOT NULL,
            secret BYTEA NOT NULL,
            host_base_url TEXT NOT NULL,
            product TEXT,
            cloud_id TEXT,
            host_realm TEXT NOT NULL,
            new_region TEXT,
            begun_at BIGINT NOT NULL
        )
        """,
        """
        CREATE TABLE pending_aliases (
            tenant_id TEXT NOT NULL,
            framework TEXT NOT NULL,
            app TEXT NOT NULL,
            name TEXT NOT NULL,
            PRIMARY KEY (tenant_id, framework, app, name)
        )
        """,
    ]

    /// What is left of removed records: enough to tell other nodes, and to go on counting the epoch when the name
    /// comes back.
    private static let tombstones = [
        """
        CREATE TABLE tombstones (
            tenant_id TEXT NOT NULL PRIMARY KEY,
            epoch BIGINT NOT NULL,
            seq BIGINT NOT NULL,
            removed_at BIGINT NOT NULL
        )
        """,
        "CREATE INDEX tombstones_by_seq ON tombstones (seq)",
        """
        CREATE TABLE tombstone_aliases (
            framework TEXT NOT NULL,
            app TEXT NOT NULL,
            name TEXT NOT NULL,
            tenant_id TEXT NOT NULL,
            PRIMARY KEY (framework, app, name)
        )
        """,
    ]

    private static let bookkeeping = [
        "CREATE TABLE feed_counter (id BIGINT NOT NULL PRIMARY KEY, seq BIGINT NOT NULL)",
        "INSERT INTO feed_counter (id, seq) VALUES (1, 0)",
        "CREATE TABLE sealing_keys (id TEXT NOT NULL PRIMARY KEY, first_used_at BIGINT NOT NULL)",
        """
        CREATE TABLE audit (
            seq BIGINT NOT NULL PRIMARY KEY,
            at BIGINT NOT NULL,
            tenant_id TEXT,
            actor TEXT NOT NULL,
            action TEXT NOT NULL,
            detail TEXT NOT NULL
        )
        """,
        "CREATE INDEX audit_by_tenant ON audit (tenant_id, seq)",
    ]

    /// Which transaction took which numbers: its row has the last of them. Readers of the feed show the id of where
    /// they are, so that a directory that has lost its last changes is found out.
    private static let history = [
        "CREATE TABLE feed_history (seq BIGINT NOT NULL PRIMARY KEY, change_id TEXT NOT NULL, at BIGINT NOT NULL)",
        "INSERT INTO feed_history (seq, change_id, at) SELECT seq, 'before-ids', 0 FROM feed_counter",
    ]

    /// The highest epoch that a node has known of a tenant before the directory lost it.
    private static let disputes = [
        "ALTER TABLE tenants ADD COLUMN disputed_epoch BIGINT",
        "CREATE INDEX tenants_disputed ON tenants (id) WHERE disputed_epoch IS NOT NULL",
    ]

    private static let nodes = [
        """
        CREATE TABLE nodes (
            id TEXT NOT NULL,
            incarnation TEXT NOT NULL,
            state TEXT NOT NULL,
            regions TEXT NOT NULL,
            addresses TEXT NOT NULL,
            applied_seq BIGINT NOT NULL,
            heartbeat BIGINT NOT NULL,
            version TEXT NOT NULL,
            region_view TEXT NOT NULL,
            configuration_digest TEXT NOT NULL,
            started_at BIGINT NOT NULL,
            PRIMARY KEY (id, incarnation)
        )
        """,
        // Two processes that register one name at the same moment meet here.
        "CREATE TABLE node_names (id TEXT NOT NULL PRIMARY KEY)",
    ]

    /// Cutovers under way, and the nodes that have stopped the tenant for them.
    private static let holds = [
        """
        CREATE TABLE holds (
            tenant_id TEXT NOT NULL PRIMARY KEY,
            migration TEXT NOT NULL,
            change_id TEXT NOT NULL,
            epoch BIGINT NOT NULL,
            seq BIGINT NOT NULL,
            source TEXT NOT NULL,
            passed BIGINT NOT NULL,
            held_at BIGINT NOT NULL
        )
        """,
        """
        CREATE TABLE hold_acknowledgements (
            tenant_id TEXT NOT NULL,
            node_id TEXT NOT NULL,
            incarnation TEXT NOT NULL,
            change_id TEXT NOT NULL,
            epoch BIGINT NOT NULL,
            at BIGINT NOT NULL,
            PRIMARY KEY (tenant_id, node_id, incarnation)
        )
        """,
    ]

    private static let partialHolds = ["ALTER TABLE holds ADD COLUMN state TEXT NOT NULL DEFAULT 'held'"]
}
