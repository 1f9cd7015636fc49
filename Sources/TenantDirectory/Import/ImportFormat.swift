/// What the lines of a file of tenants look like.
package enum ImportFormat: String, Sendable, CaseIterable {
    /// One JSON object a line: `clientKey`, `sharedSecret`, `region`, `baseUrl`, `productType` …; what an export
    /// writes.
    case gateway
    /// Rows of the table `AddonSettings` of atlassian-connect-express: `clientKey`, `key`, `val`. Only rows whose key
    /// is `clientInfo` are tenants.
    case express
    /// Rows of the table `atlassian_host` of atlassian-connect-spring-boot: `client_key`, `shared_secret` …
    case spring

    /// By the names of a row's fields.
    /// - Returns: `nil` where they are of none.
    static func detect(_ names: some Collection<String>) -> ImportFormat? {
        if names.contains("client_key") { return .spring }
        if names.contains("val"), names.contains("key") { return .express }
        if names.contains("clientKey") || names.contains("installationId") { return .gateway }
        return nil
    }
}

/// What the file alone does not say.
package struct ImportOptions: Sendable {
    /// `nil`: told by the fields of the first row.
    package var format: ImportFormat?
    /// The Connect app key, for rows that do not name it.
    package var appKey: String?
    /// The Forge app's ARI, for rows that have an installation id and do not name the app.
    package var forgeAppID: String?
    /// Where tenants live whose row does not say so.
    package var region: Region?
    /// The regions there are; a row of another one is refused. `nil`: any.
    package var knownRegions: Set<Region>?

    package init(
        format: ImportFormat? = nil, appKey: String? = nil, forgeAppID: String? = nil, region: Region? = nil,
        knownRegions: Set<Region>? = nil
    ) {
        self.format = format
        self.appKey = appKey
        self.forgeAppID = forgeAppID
        self.region = region
        self.knownRegions = knownRegions
    }
}

/// A file of tenants that has been read and checked whole.
package struct ImportFile: Sendable, Equatable {
    package var format: ImportFormat
    package var tenants: [ImportedTenant]
    /// Rows that are no tenants: other settings of the framework.
    package var otherRows = 0
    /// Rows that say the same of a tenant as an earlier one.
    package var repeatedRows = 0
}
