/// Turns a row into a tenant, or says what is wrong with it. No value of a row is repeated but region and state: one
/// may be a secret in the wrong column.
struct ImportChecks {
    let options: ImportOptions
    let format: ImportFormat

    /// - Throws: ``ImportComplaint``.
    func tenant(_ row: ImportRow) throws -> ImportedTenant {
        let isUninstalled = try isUninstalled(row)
        let aliases = try aliases(row)
        let secretField = format == .spring ? "shared_secret" : "sharedSecret"
        if let secret = row.sharedSecret, !(1...4096).contains(secret.utf8.count) {
            throw ImportComplaint(field: secretField, "must have 1 to 4096 bytes")
        }
        if row.sharedSecret == nil, !isUninstalled, aliases.contains(where: { $0.framework == .connect }) {
            throw ImportComplaint(
                field: secretField,
                "is missing: calls of the tenant could not be verified. Export with the secrets included")
        }
        return ImportedTenant(
            aliases: aliases, secret: row.sharedSecret.map { Secret($0) }, region: try region(row),
            hostBaseURL: try url(row.baseURL),
            product: try text(row.productType, format == .spring ? "product_type" : "productType", atMost: 64),
            cloudID: try text(row.cloudID, format == .spring ? "cloud_id" : "cloudId", atMost: 255),
            isUninstalled: isUninstalled)
    }

    private func aliases(_ row: ImportRow) throws -> [TenantAlias] {
        let clientKeyField = format == .spring ? "client_key" : "clientKey"
        let installationField = format == .spring ? "installation_id" : "installationId"
        let clientKey = try text(row.clientKey, clientKeyField, atMost: 255)
        let installationID = try text(row.installationID, installationField, atMost: 255)
        var aliases: [TenantAlias] = []
        if let clientKey { aliases.append(TenantAlias(.connect, app: try appKey(row), name: clientKey)) }
        if let installationID {
            if let app = try text(row.forgeAppID, "forgeAppId", atMost: 255) ?? options.forgeAppID {
                aliases.append(TenantAlias(.forge, app: app, name: installationID))
            } else if clientKey == nil {
                throw ImportComplaint(
                    field: installationField, "belongs to a Forge app that is not known: set `forge.appId`")
            }
        }
        guard !aliases.isEmpty else { throw ImportComplaint(field: clientKeyField, "is missing") }
        return aliases
    }

    private func appKey(_ row: ImportRow) throws -> String {
        let field = format == .express ? "val.key" : "appKey"
        let named = try text(row.appKey, field, atMost: 255)
        if let named, let expected = options.appKey, named != expected {
            throw ImportComplaint(field: field, "names another app than \(expected)")
        }
        guard let appKey = named ?? options.appKey else {
            throw ImportComplaint(field: field, "is missing: say which app the tenants belong to")
        }
        return appKey
    }

    private func region(_ row: ImportRow) throws -> Region {
        guard let code = row.region else {
            guard let region = options.region else {
                throw ImportComplaint(field: "region", "is missing: say with `--region` where these tenants live")
            }
            return region
        }
        guard let region = Region(code), region != .global else {
            throw ImportComplaint(field: "region", "must be a region's code such as EU, in upper case")
        }
        if let known = options.knownRegions, !known.contains(region) {
            let list = known.map(\.code).sorted().joined(separator: ", ")
            throw ImportComplaint(field: "region", "is \(region), and there are \(list)")
        }
        return region
    }

    private func isUninstalled(_ row: ImportRow) throws -> Bool {
        guard let name = row.state else { return row.isInstalled == false }
        guard let state = Tenant.State(rawValue: name), state != .pending else {
            throw ImportComplaint(field: "state", "must be installed, enabled, disabled or uninstalled")
        }
        return state == .uninstalled
    }

    private func url(_ text: String?) throws -> String? {
        let field = format == .spring ? "base_url" : "baseUrl"
        guard let url = try self.text(text, field, atMost: 2048) else { return nil }
        guard url.hasPrefix("https://") || url.hasPrefix("http://") else {
            throw ImportComplaint(field: field, "must begin with https:// or http://")
        }
        return url
    }

    private func text(_ text: String?, _ field: String, atMost limit: Int) throws -> String? {
        guard let text else { return nil }
        guard !text.isEmpty else { throw ImportComplaint(field: field, "is empty") }
        guard text.utf8.count <= limit else { throw ImportComplaint(field: field, "has more than \(limit) bytes") }
        guard !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw ImportComplaint(field: field, "holds a control character")
        }
        return text
    }
}
