import Foundation

/// One row of a file, as it says it; nothing is checked yet.
struct ImportRow: Equatable {
    var clientKey: String?
    var sharedSecret: String?
    var region: String?
    var baseURL: String?
    var productType: String?
    var cloudID: String?
    var installationID: String?
    var appKey: String?
    var forgeAppID: String?
    var state: String?
    var isInstalled: Bool?
    /// The row is something else than a tenant.
    var isOther = false
}

/// What is wrong with a row.
struct ImportComplaint: Error, Equatable {
    let message: String

    init(_ message: String) { self.message = message }

    init(field: String, _ problem: String) { message = "`\(field)` \(problem)" }
}

/// A line of an export, or of the benchmark's tenants.
struct GatewayLine: Decodable {
    var clientKey: String?
    var sharedSecret: String?
    var region: String?
    var baseUrl: String?
    var productType: String?
    var cloudId: String?
    var installationId: String?
    var appKey: String?
    var forgeAppId: String?
    var state: String?

    var row: ImportRow {
        ImportRow(
            clientKey: clientKey, sharedSecret: sharedSecret, region: region, baseURL: baseUrl,
            productType: productType,
            cloudID: cloudId, installationID: installationId, appKey: appKey, forgeAppID: forgeAppId, state: state)
    }
}

/// A row of `AddonSettings`.
struct ExpressLine: Decodable {
    /// The install body as the framework keeps it.
    struct ClientInfo: Decodable {
        var key: String?
        var clientKey: String?
        var sharedSecret: String?
        var baseUrl: String?
        var productType: String?
        var cloudId: String?
        var installationId: String?
    }

    /// The body as an object, or as a text that holds one.
    enum Value: Decodable {
        case info(ClientInfo)
        case text(String)
        case absent

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                self = .absent
            } else if let text = try? container.decode(String.self) {
                self = .text(text)
            } else {
                self = .info(try container.decode(ClientInfo.self))
            }
        }

        func info() throws -> ClientInfo {
            switch self {
            case .info(let info): return info
            case .text(let text):
                guard let info = try? JSONDecoder().decode(ClientInfo.self, from: Data(text.utf8)) else {
                    throw ImportComplaint(field: "val", "does not hold the JSON object of an install")
                }
                return info
            case .absent: throw ImportComplaint(field: "val", "is empty")
            }
        }
    }

    private enum CodingKeys: String, CodingKey { case clientKey, key, val }

    private let clientKey: String?
    private let key: String?
    private let value: Value

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        key = try container.decodeIfPresent(String.self, forKey: .key)
        clientKey = try container.decodeIfPresent(String.self, forKey: .clientKey)
        // The values of other settings are of any shape.
        let isTenant = key == "clientInfo"
        value = isTenant ? try container.decodeIfPresent(Value.self, forKey: .val) ?? .absent : .absent
    }

    init(fields: [String: String]) {
        key = fields["key"]
        clientKey = fields["clientKey"]
        value = fields["val"].map(Value.text) ?? .absent
    }

    func row() throws -> ImportRow {
        guard let key else { throw ImportComplaint(field: "key", "is missing") }
        guard key == "clientInfo" else { return ImportRow(isOther: true) }
        let info = try value.info()
        if let clientKey, let inner = info.clientKey, clientKey != inner {
            throw ImportComplaint(field: "val.clientKey", "is not the `clientKey` of its row")
        }
        return ImportRow(
            clientKey: info.clientKey ?? clientKey, sharedSecret: info.sharedSecret, baseURL: info.baseUrl,
            productType: info.productType, cloudID: info.cloudId, installationID: info.installationId, appKey: info.key)
    }
}

/// A row of `atlassian_host`.
struct SpringLine: Decodable {
    private enum CodingKeys: String, CodingKey {
        case clientKey = "client_key"
        case sharedSecret = "shared_secret"
        case baseURL = "base_url"
        case productType = "product_type"
        case cloudID = "cloud_id"
        case installationID = "installation_id"
        case addonInstalled = "addon_installed"
        case region
    }

    let row: ImportRow

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func text(_ key: CodingKeys) throws -> String? { try container.decodeIfPresent(String.self, forKey: key) }
        var isInstalled: Bool?
        if let flag = try? container.decodeIfPresent(Bool.self, forKey: .addonInstalled) {
            isInstalled = flag
        } else if let number = try? container.decodeIfPresent(Int.self, forKey: .addonInstalled) {
            isInstalled = try Self.flag("\(number)")
        } else {
            isInstalled = try text(.addonInstalled).map(Self.flag)
        }
        row = ImportRow(
            clientKey: try text(.clientKey), sharedSecret: try text(.sharedSecret), region: try text(.region),
            baseURL: try text(.baseURL), productType: try text(.productType), cloudID: try text(.cloudID),
            installationID: try text(.installationID), isInstalled: isInstalled)
    }

    init(fields: [String: String]) throws {
        row = ImportRow(
            clientKey: fields["client_key"], sharedSecret: fields["shared_secret"], region: fields["region"],
            baseURL: fields["base_url"], productType: fields["product_type"], cloudID: fields["cloud_id"],
            installationID: fields["installation_id"], isInstalled: try fields["addon_installed"].map(Self.flag))
    }

    /// As databases print a truth value.
    private static func flag(_ text: String) throws -> Bool {
        switch text.lowercased() {
        case "t", "true", "1": return true
        case "f", "false", "0": return false
        default: throw ImportComplaint(field: "addon_installed", "must be true or false")
        }
    }
}
