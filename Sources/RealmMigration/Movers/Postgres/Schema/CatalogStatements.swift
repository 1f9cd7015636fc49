import TenantDirectory

/// What is asked of PostgreSQL's catalog.
enum CatalogStatements {
    /// Tables of a description, at most: an app has fewer.
    static let tableLimit = 2_000

    /// One row, one value: a ``SchemaDescription`` as JSON.
    static func description(schemas: [String]) -> String {
        """
        SELECT json_build_object('version', current_setting('server_version_num')::int, 'tables', \
        coalesce(json_agg(json_build_object(
            'schema', t.nspname, 'name', t.relname, 'isPartitioned', t.relkind = 'p',
            'leaves', \(leaves), 'isLogged', t.relpersistence = 'p', 'replicaIdentity', t.relreplident,
            'isOwned', pg_has_role(t.relowner, 'USAGE'), 'owner', pg_get_userbyid(t.relowner),
            'hasRowSecurity', t.relrowsecurity,
            'rows', (SELECT coalesce(sum(greatest(p.reltuples, 0)), 0)::bigint FROM pg_class p
                WHERE p.oid = t.oid AND t.relkind = 'r'
                    OR t.relkind = 'p' AND p.oid IN (SELECT relid FROM pg_partition_tree(t.oid) WHERE isleaf)),
            'bytes', (SELECT coalesce(sum(pg_table_size(relid)), 0)::bigint FROM pg_partition_tree(t.oid)
                UNION ALL SELECT pg_table_size(t.oid) WHERE t.relkind = 'r' ORDER BY 1 DESC LIMIT 1),
            'columns', \(columns), 'keys', \(keys), 'foreignKeys', \(foreignKeys), 'triggers', \(triggers),
            'sequences', \(sequences)) ORDER BY t.nspname, t.relname), '[]'))
        FROM (SELECT c.*, n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = ANY (\(SQLText.array(schemas))) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
            ORDER BY 1 LIMIT \(tableLimit)) t
        """
    }

    private static let leaves = """
        (SELECT coalesce(json_agg(format('%I.%I', n.nspname, c.relname) ORDER BY n.nspname, c.relname), '[]')
            FROM pg_partition_tree(t.oid) p JOIN pg_class c ON c.oid = p.relid
            JOIN pg_namespace n ON n.oid = c.relnamespace WHERE p.isleaf AND t.relkind = 'p')
        """

    /// A type is portable where it is PostgreSQL's own or an enumeration, or an array or a domain of the former. Types
    /// by number of an object are complained about by name elsewhere.
    private static let columns = """
        (SELECT coalesce(json_agg(json_build_object(
            'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'isNotNull', a.attnotnull,
            'identity', a.attidentity, 'isGenerated', a.attgenerated <> '', 'hasDefault', a.atthasdef,
            'isPortable', coalesce(ty.typtype = 'e' OR ty.typtype <> 'd' AND ty.typnamespace = 11
                AND (ty.typelem = 0 OR el.typnamespace = 11)
                OR ty.typtype = 'd' AND ba.typnamespace = 11 AND ba.typelem = 0, false),
            'isFilterable', ty.typtype IN ('b', 'r', 'm') AND ty.typnamespace = 11 AND a.attgenerated = ''
            ) ORDER BY a.attnum), '[]')
            FROM pg_attribute a JOIN pg_type ty ON ty.oid = a.atttypid LEFT JOIN pg_type el ON el.oid = ty.typelem
            LEFT JOIN pg_type ba ON ba.oid = ty.typbasetype
            WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped)
        """

    private static let keys = """
        (SELECT coalesce(json_agg(json_build_object('name', ic.relname, 'isPrimary', i.indisprimary,
            'isReplicaIdentity', i.indisreplident,
            'columns', (SELECT json_agg(a.attname ORDER BY k.place)
                FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(number, place)
                JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number WHERE k.place <= i.indnkeyatts)
            ) ORDER BY ic.relname), '[]')
            FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid
            WHERE i.indrelid = t.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL)
        """

    private static let foreignKeys = """
        (SELECT coalesce(json_agg(json_build_object('name', k.conname, 'schema', fn.nspname, 'table', fc.relname,
            'isDeferrable', k.condeferrable,
            'hasAction', k.confdeltype NOT IN ('a', 'r') OR k.confupdtype NOT IN ('a', 'r'),
            'columns', \(columnNames("k.conrelid", "k.conkey")),
            'targetColumns', \(columnNames("k.confrelid", "k.confkey"))) ORDER BY k.conname), '[]')
            FROM pg_constraint k JOIN pg_class fc ON fc.oid = k.confrelid
            JOIN pg_namespace fn ON fn.oid = fc.relnamespace
            WHERE k.conrelid = t.oid AND k.contype = 'f' AND k.conparentid = 0)
        """

    private static let triggers = """
        (SELECT coalesce(json_agg(json_build_object('name', g.tgname, 'isAlways', g.tgenabled IN ('A', 'R'))
            ORDER BY g.tgname), '[]') FROM pg_trigger g
            WHERE g.tgrelid = t.oid AND NOT g.tgisinternal AND g.tgenabled <> 'D'
                AND g.tgname NOT LIKE 'zz\\_residency\\_%')
        """

    /// What belongs to a column, and what its default asks.
    private static let sequences = """
        (SELECT coalesce(json_agg(json_build_object('column', q.attname, 'name', q.name, 'isOwned', q.is_owned)
            ORDER BY q.name, q.attname), '[]') FROM (
            SELECT DISTINCT a.attname, format('%I.%I', sn.nspname, s.relname) AS name,
                pg_has_role(s.relowner, 'USAGE') AS is_owned
            FROM pg_depend d JOIN pg_class s ON s.relkind = 'S' JOIN pg_namespace sn ON sn.oid = s.relnamespace
            JOIN pg_attribute a ON a.attrelid = t.oid
            WHERE d.classid = 'pg_class'::regclass AND d.objid = s.oid AND d.refclassid = 'pg_class'::regclass
                AND d.refobjid = t.oid AND d.refobjsubid = a.attnum AND d.deptype IN ('a', 'i')
            UNION
            SELECT a.attname, format('%I.%I', sn.nspname, s.relname), pg_has_role(s.relowner, 'USAGE')
            FROM pg_attrdef ad JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = ad.oid
                AND d.refclassid = 'pg_class'::regclass
            JOIN pg_class s ON s.oid = d.refobjid AND s.relkind = 'S' JOIN pg_namespace sn ON sn.oid = s.relnamespace
            JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ad.adnum WHERE ad.adrelid = t.oid) q)
        """

    private static func columnNames(_ table: String, _ numbers: String) -> String {
        """
        (SELECT json_agg(a.attname ORDER BY u.place) FROM unnest(\(numbers)) WITH ORDINALITY u(number, place) \
        JOIN pg_attribute a ON a.attrelid = \(table) AND a.attnum = u.number)
        """
    }

    /// What this role and this server can do; see ``ServerFacts``.
    static let facts = """
        SELECT json_build_object(
            'isInRecovery', pg_is_in_recovery(), 'walLevel', current_setting('wal_level'),
            'slots', current_setting('max_replication_slots')::int,
            'slotsUsed', (SELECT count(*) FROM pg_replication_slots),
            'senders', current_setting('max_wal_senders')::int,
            'sendersUsed', (SELECT count(*) FROM pg_stat_replication),
            'role', current_user, 'database', current_database(), 'isSuperuser', r.rolsuper,
            'mayReplicate', r.rolsuper OR r.rolreplication,
            'mayCreate', has_database_privilege(current_database(), 'CREATE'),
            'isDurable', current_setting('synchronous_standby_names') <> '',
            'bypassesRowSecurity', r.rolsuper OR r.rolbypassrls,
            'prepared', (SELECT coalesce(json_agg(p.gid ORDER BY p.prepared), '[]') FROM (SELECT gid, prepared
                FROM pg_prepared_xacts WHERE database = current_database() ORDER BY prepared LIMIT 10) p),
            'longTransactions', (SELECT coalesce(json_agg(q.words), '[]') FROM (SELECT format(
                    'process %s of %s, for %s s', pid, usename, floor(extract(epoch FROM now() - xact_start))) AS words
                FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
                    AND xact_start < now() - interval '60 s' AND application_name NOT LIKE 'residency %'
                ORDER BY xact_start LIMIT 10) q))
        FROM pg_roles r WHERE r.rolname = current_user
        """

    /// The schema of pg_stat_statements; NULL where it is not there.
    static let statementsPlace = """
        SELECT (SELECT quote_ident(extnamespace::regnamespace::text) FROM pg_extension
            WHERE extname = 'pg_stat_statements')
        """

    /// Role and text of what has changed or deleted rows in this database, constants left out; the most frequent.
    static func statements(in place: String) -> String {
        """
        SELECT r.rolname, left(s.query, 2000) FROM \(place).pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid \
        WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) \
        AND s.query ~* '(update|delete|insufficient privilege)' AND s.query NOT LIKE '%residency.%' \
        ORDER BY s.calls DESC LIMIT 500
        """
    }

    /// From 15 on a role may be allowed what only superusers may before. The function is not there in older servers.
    static let mayReplay = "SELECT has_parameter_privilege('session_replication_role', 'SET')::text"
}
