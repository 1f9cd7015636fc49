import TenantDirectory

/// The fence of one migration in one database: a gate table of one row, and triggers that look at it for every change
/// of the tenant's rows (amendments H3, H18, H38, H40).
struct FenceStatements {
    let names: StoreNames
    let jobRoles: [String]

    /// The SQLSTATE of a refusal.
    static let refusal = "RS001"

    /// The gate, with counters that a refused transaction does not take back.
    /// - Parameter mark: a random text; sessions that set `residency.mover` to it pass.
    func makeGate(state: StoreClaim.State, mark: String) -> [String] {
        [
            "CREATE TABLE IF NOT EXISTS \(names.gate) (state text NOT NULL, mark text NOT NULL, jobs text[] NOT NULL)",
            """
            INSERT INTO \(names.gate) SELECT '\(state.rawValue)', \(SQLText.literal(mark)), \(SQLText.array(jobRoles)) \
            WHERE NOT EXISTS (SELECT FROM \(names.gate))
            """,
            "CREATE SEQUENCE IF NOT EXISTS \(names.refused)", "CREATE SEQUENCE IF NOT EXISTS \(names.skipped)",
            makeFunction(place: nil, concerned: "true"),
        ]
    }

    /// The triggers of one table and of its partitions. Each statement may be run again.
    /// - Parameter place: the table's number among the plan's, for a function of its own.
    func makeTriggers(_ table: MovedTable, place: Int) -> [String] {
        var statements: [String] = []
        if !table.path.isEmpty { statements.append(makeFunction(place: place, concerned: concern(table))) }
        let function = names.function(table.path.isEmpty ? nil : place)
        for (event, condition) in rowEvents(table) {
            let trigger = names.trigger(String(event.prefix(1)).lowercased())
            statements += make(trigger, "BEFORE \(event)", on: table.name, "FOR EACH ROW\(condition)", function)
            // The partitions have got the trigger, and not that it fires always.
            statements += table.description.leaves.map {
                "ALTER TABLE \($0) ENABLE ALWAYS TRIGGER \(SQLText.name(trigger))"
            }
        }
        for place in [table.name] + table.description.leaves {
            statements += make(
                names.trigger("t"), "BEFORE TRUNCATE", on: place, "FOR EACH STATEMENT", names.function(nil))
        }
        return statements
    }

    /// Has a table's rows come switched off, where the tenant does not live yet, or does not any more (H42). Each
    /// statement may be run again.
    func makeSwitch(_ table: MovedTable, place: Int) -> [String] {
        let function = "residency.off_\(names.short)_\(place)"
        let changes = table.off.map { "NEW.\(SQLText.name($0.column)) := (\($0.value));" }.joined(separator: " ")
        let trigger = names.trigger("o")
        let condition = table.path.isEmpty ? " WHEN (\(table.condition("NEW")))" : ""
        let make = """
            CREATE OR REPLACE FUNCTION \(function)() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
            SET search_path = pg_catalog, pg_temp AS $residency$
            BEGIN
                IF (SELECT g.state FROM \(names.gate) g) <> 'open' THEN \(changes) END IF;
                RETURN NEW;
            END
            $residency$
            """
        return [make]
            + self.make(trigger, "BEFORE INSERT OR UPDATE", on: table.name, "FOR EACH ROW\(condition)", function)
            + table.description.leaves.map { "ALTER TABLE \($0) ENABLE ALWAYS TRIGGER \(SQLText.name(trigger))" }
    }

    private func rowEvents(_ table: MovedTable) -> [(event: String, condition: String)] {
        guard table.path.isEmpty else { return [("INSERT", ""), ("UPDATE", ""), ("DELETE", "")] }
        // Other tenants pay nothing.
        let (new, old) = (table.condition("NEW"), table.condition("OLD"))
        return [
            ("INSERT", " WHEN (\(new))"), ("UPDATE", " WHEN (\(new) OR \(old))"), ("DELETE", " WHEN (\(old))"),
        ]
    }

    private func make(
        _ trigger: String, _ event: String, on table: String, _ rest: String, _ function: String
    ) -> [String] {
        let name = SQLText.name(trigger)
        return [
            "DROP TRIGGER IF EXISTS \(name) ON \(table)",
            "CREATE TRIGGER \(name) \(event) ON \(table) \(rest) EXECUTE FUNCTION \(function)()",
            "ALTER TABLE \(table) ENABLE ALWAYS TRIGGER \(name)",
        ]
    }

    /// Whether a change concerns the tenant, for a table that does not know its tenant itself.
    private func concern(_ table: MovedTable) -> String {
        let (new, old) = (table.condition("NEW"), table.condition("OLD"))
        return """
            CASE TG_OP WHEN 'INSERT' THEN \(new) WHEN 'DELETE' THEN \(old) WHEN 'UPDATE' THEN \(new) OR \(old) \
            ELSE true END
            """
    }

    private func makeFunction(place: Int?, concerned: String) -> String {
        """
        CREATE OR REPLACE FUNCTION \(names.function(place))() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp AS $residency$
        DECLARE
            gate record;
            concerned boolean := \(concerned);
        BEGIN
            IF NOT coalesce(concerned, false) THEN
                IF TG_OP = 'DELETE' THEN RETURN OLD; ELSE RETURN NEW; END IF;
            END IF;
            SELECT g.state, g.mark, g.jobs INTO gate FROM \(names.gate) g FOR SHARE;
            IF gate.state = 'open' OR current_setting('residency.mover', true) = gate.mark THEN
                IF TG_LEVEL = 'STATEMENT' THEN RETURN NULL; END IF;
                IF TG_OP = 'DELETE' THEN RETURN OLD; ELSE RETURN NEW; END IF;
            END IF;
            IF gate.state IN ('arriving', 'moved', 'purging') AND TG_OP IN ('UPDATE', 'DELETE')
                AND session_user = ANY (gate.jobs)
            THEN
                PERFORM nextval('\(names.skipped)');
                RETURN NULL;
            END IF;
            PERFORM nextval('\(names.refused)');
            RAISE EXCEPTION USING ERRCODE = '\(Self.refusal)',
                MESSAGE = 'residency: the tenant''s data is moving to another region and cannot be changed here',
                HINT = 'Try again in a few seconds: the tenant is then served, here or there.';
        END
        $residency$
        """
    }

    /// Statements that drop a migration's triggers, a row each; those of partitions go with their table's.
    static func triggers(of short: String) -> String {
        let prefix = "zz_residency_\(short)_"
        return """
            SELECT format('DROP TRIGGER IF EXISTS %I ON %I.%I', g.tgname, n.nspname, c.relname)
            FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE left(g.tgname, \(prefix.utf8.count)) = '\(prefix)'
                AND coalesce((to_jsonb(g) ->> 'tgparentid')::oid, 0) = 0 ORDER BY 1
            """
    }

    /// Statements that drop the rest, a row each.
    static func objects(of short: String) -> String {
        """
        SELECT format('DROP FUNCTION IF EXISTS residency.%I()', p.proname) FROM pg_proc p
        WHERE p.pronamespace = to_regnamespace('residency') AND strpos(p.proname, '_\(short)') > 0
        UNION ALL
        SELECT format('DROP %s IF EXISTS residency.%I', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
            c.relname) FROM pg_class c
        WHERE c.relnamespace = to_regnamespace('residency') AND c.relkind IN ('r', 'S')
            AND strpos(c.relname, '_\(short)') > 0
        """
    }

    /// Who holds the gate, in words: processes and prepared transactions.
    var holders: String {
        """
        SELECT coalesce('the prepared transaction ' || x.gid, format('process %s of %s (%s), %s ms', l.pid, a.usename, \
        a.application_name, floor(extract(epoch FROM now() - a.xact_start) * 1000))) FROM pg_locks l \
        LEFT JOIN pg_stat_activity a ON a.pid = l.pid \
        LEFT JOIN pg_locks k ON l.pid IS NULL AND k.pid IS NULL AND k.locktype = 'transactionid' \
        AND k.virtualtransaction = l.virtualtransaction \
        LEFT JOIN pg_prepared_xacts x ON x.transaction = k.transactionid \
        WHERE l.locktype = 'relation' AND l.relation = to_regclass('\(names.gate)') AND l.granted \
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) LIMIT 10
        """
    }
}
