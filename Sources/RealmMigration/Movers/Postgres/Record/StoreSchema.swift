import TenantDirectory

/// Our own tables in a store of the app's. Made once, by whoever comes first.
enum StoreSchema {
    /// Two that make it at once wait for each other, at a lock of this number.
    static let lock: Int64 = 0x7265_7369_6465

    static let statements = """
        SELECT pg_advisory_xact_lock(\(lock));
        CREATE SCHEMA IF NOT EXISTS residency;
        CREATE TABLE IF NOT EXISTS residency.store (
            place int PRIMARY KEY DEFAULT 1 CHECK (place = 1), id text NOT NULL, nonce text NOT NULL DEFAULT '');
        CREATE TABLE IF NOT EXISTS residency.tenant (
            tenant text PRIMARY KEY, state text NOT NULL, epoch bigint NOT NULL, generation bigint NOT NULL,
            attempt bigint NOT NULL, migration text NOT NULL, directory text NOT NULL, other text NOT NULL,
            token text, point text NOT NULL DEFAULT '');
        CREATE TABLE IF NOT EXISTS residency.move (
            migration text PRIMARY KEY, tenant text NOT NULL, directory text NOT NULL, short text NOT NULL,
            side text NOT NULL, mode text NOT NULL, attempt bigint NOT NULL, mark text NOT NULL,
            point text NOT NULL DEFAULT '', tables text NOT NULL DEFAULT '[]',
            made_at timestamptz NOT NULL DEFAULT now());
        CREATE TABLE IF NOT EXISTS residency.cursor (
            migration text NOT NULL, lane text NOT NULL, attempt bigint NOT NULL, position text NOT NULL,
            is_last boolean NOT NULL, PRIMARY KEY (migration, lane))
        """

    /// Whether all of it is there, as this version needs it.
    static let isThere = """
        SELECT to_regclass('residency.cursor') IS NOT NULL AND EXISTS (SELECT FROM pg_attribute
            WHERE attrelid = to_regclass('residency.tenant') AND attname = 'point')
        """

    static func fill(id: String) -> String {
        "INSERT INTO residency.store (id) VALUES (\(SQLText.literal(id))) ON CONFLICT DO NOTHING"
    }

    static let columns = "state, epoch, generation, attempt, migration, directory, other, token, point"

    static func row(_ values: [String?]) -> StoreRow? {
        guard values.count >= 9, let state = values[0].flatMap(StoreClaim.State.init(rawValue:)),
            let epoch = values[1].flatMap(Int64.init), let generation = values[2].flatMap(Int64.init),
            let attempt = values[3].flatMap(Int64.init)
        else { return nil }
        return StoreRow(
            state: state, epoch: epoch, generation: generation, attempt: attempt, migration: values[4] ?? "",
            directory: values[5] ?? "", other: values[6] ?? "", token: values[7],
            point: values[8].flatMap { try? StoreJSON.decode(SlotPoint.self, $0, what: "residency.tenant") })
    }

    /// Where the server's log stands, of which server, in which of its histories: a ``SlotPoint``. Before the commit of
    /// the transaction that asks, so that a history that ended there does not have it.
    static let point = """
        json_build_object('position', pg_current_wal_insert_lsn()::text, \
        'system', (SELECT system_identifier::text FROM pg_control_system()), \
        'timeline', (('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::int)::text)::text
        """

    /// - Parameter isNoting: notes the place in the log as well.
    static func update(_ row: StoreRow, tenant: TenantID, isNoting: Bool) -> String {
        """
        UPDATE residency.tenant SET state = '\(row.state.rawValue)', epoch = \(row.epoch), \
        generation = \(row.generation), attempt = \(row.attempt), migration = \(SQLText.literal(row.migration)), \
        directory = \(SQLText.literal(row.directory)), other = \(SQLText.literal(row.other)), \
        token = \(SQLText.literal(row.token))\(isNoting ? ", point = \(point)" : "") WHERE tenant = '\(tenant)'
        """
    }
}
