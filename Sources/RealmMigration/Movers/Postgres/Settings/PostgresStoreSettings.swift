package import TenantDirectory

/// A store of the app's that is a PostgreSQL database in each region, as the configuration declares it (`stores:`).
package struct PostgresStoreSettings: Sendable {
    /// What the configuration calls it; unique among the stores.
    package var name: String
    /// The connection URL of each region's database. A role that owns the app's tables; not through a pooler.
    package var urls: [Region: Secret]
    /// Which name of a tenant the tenant columns hold, where a table does not say.
    package var tenantName = TenantNames.Kind.clientKey
    /// What is moved. Empty: every table of ``schemas`` that has one of ``tenantColumns``.
    package var tables: [PostgresTableSettings] = []
    /// Column names that tell a tenant, for discovery; the first that a table has.
    package var tenantColumns = ["client_key", "clientkey", "clientKey"]
    /// Where tables are discovered, and where a table without a schema is.
    package var schemas = ["public"]
    /// Tables whose rows make the app act for a tenant (`activates`): they arrive with the switch (H11).
    package var activating: [String] = []
    /// For those of them that other tables refer to: what keeps the app from acting, by table. Such a row arrives with
    /// the others, switched off, and is switched on with the switch (H42).
    package var offStates: [String: [PostgresOffColumn]] = [:]
    /// Roles of background jobs whose UPDATE and DELETE of a tenant that is moving are left undone without an error
    /// (H40).
    package var jobRoles: [String] = []
    /// Statements of other roles about all tenants are known, and may fail while a tenant moves.
    package var acceptsSweeps = false
    package var limits = PostgresStoreLimits()

    package init(name: String, urls: [Region: Secret]) {
        self.name = name
        self.urls = urls
    }
}
