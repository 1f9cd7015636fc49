import TenantDirectory
import TestSupport
import Testing

@testable import RealmMigration

/// Jobs that change rows of all tenants (H40).
@Suite("Statements about all tenants")
struct SeenStatementTests {
    static let schema = """
        CREATE TABLE note (client_key text NOT NULL, id bigint NOT NULL, body text, expires timestamptz,
            PRIMARY KEY (client_key, id))
        """

    @Test(
        "are those that say neither whose rows they mean nor which",
        arguments: [
            ("DELETE FROM note WHERE expires < now()", true), ("delete from public.note", true),
            ("UPDATE ONLY \"note\" SET body = $1", true), ("UPDATE note SET client_key = $1 WHERE body = $2", true),
            ("WITH old AS (SELECT $1) DELETE FROM note WHERE expires < $2", true),
            ("DELETE FROM note\n WHERE client_key = $1 AND expires < $2", false),
            ("UPDATE note SET body = $1 WHERE id = $2", false), ("DELETE FROM note WHERE id IN ($1, $2)", false),
            ("UPDATE note n SET body = $1 WHERE n.\"id\"=$2", false), ("DELETE FROM other WHERE expires < $1", false),
            ("SELECT * FROM note", false), ("UPDATE note SET body = $1 WHERE void = $2", true),
        ])
    func pure(text: String, isAboutAll: Bool) throws {
        let column = { TableDescription.Column.sample($0) }
        let table = MovedTable(
            description: TableDescription(
                schema: "public", name: "note", isPartitioned: false, leaves: [], isLogged: true, replicaIdentity: "d",
                isOwned: true, owner: "o", hasRowSecurity: false, rows: 0, bytes: 0,
                columns: ["client_key", "id", "body", "expires"].map(column),
                keys: [.init(name: "k", columns: ["client_key", "id"], isPrimary: true, isReplicaIdentity: false)],
                foreignKeys: [], triggers: [], sequences: []), tenantColumn: "client_key", tenant: "X")
        #expect(SeenStatement("r", text).isAboutAllTenants(of: table) == isAboutAll)
    }

    @Test("are named by the plan, and block it unless their role is a job's or it is accepted that they fail")
    func planned() async throws {
        let cluster = try await PostgresCluster.own(settings: ["shared_preload_libraries=pg_stat_statements"])
        try await cluster.sql("CREATE EXTENSION pg_stat_statements; \(Self.schema)")
        try await cluster.sql("CREATE ROLE sweeper; GRANT ALL ON note TO sweeper")
        try await cluster.sql("SET ROLE sweeper; DELETE FROM note WHERE expires < now()")
        try await cluster.sql("UPDATE note SET body = 'x' WHERE client_key = 'X'")
        func survey(
            _ change: (inout PostgresStoreSettings) -> Void
        ) async throws -> (blockers: [StoreSurvey.Finding], warnings: [StoreSurvey.Finding]) {
            var settings = PostgresStoreSettings(name: "main", urls: [.sampleSource: Secret(cluster.url())])
            settings.limits.connectTimeout = .seconds(60)
            settings.limits.statementTimeout = .seconds(60)
            change(&settings)
            let store = PostgresSourceStore(try PostgresSide(settings, region: .sampleSource))
            let found = try await store.survey(.sample(), mode: .offline)
            let wanted = { (finding: StoreSurvey.Finding) in finding.code.contains("statement") }
            return (found.blockers.filter(wanted), found.warnings.filter(wanted))
        }
        let plain = try await survey { _ in }
        #expect(plain.blockers.count == 1 && plain.warnings.isEmpty)
        #expect(plain.blockers.first?.message.contains("role sweeper changes public.note for all tenants") == true)
        #expect(try await survey { $0.jobRoles = ["sweeper"] }.blockers.isEmpty)
        #expect(try await survey { $0.acceptsSweeps = true }.warnings.map(\.code) == ["statement-of-all-tenants"])
        try await cluster.sql("DROP EXTENSION pg_stat_statements")
        let unseen = try await survey { _ in }
        #expect(unseen.blockers.isEmpty && unseen.warnings.map(\.code) == ["statements-unseen"])
    }
}

extension TableDescription.Column {
    fileprivate static func sample(_ name: String) -> Self {
        Self(
            name: name, type: "text", isNotNull: false, identity: "", isGenerated: false, hasDefault: false,
            isPortable: true, isFilterable: true)
    }
}
