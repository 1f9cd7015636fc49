import Foundation
import TenantDirectory

/// A tenant as commands show it: never a secret, only whether there is one.
enum TenantReport {
    static func json(_ tenant: Tenant) -> JSONValue {
        var members: [String: JSONValue] = [
            "id": .text(tenant.id.description), "state": .text(tenant.state.rawValue),
            "region": .text(tenant.placement.region.code), "epoch": .number(Int(tenant.placement.epoch)),
            "placement": .text(tenant.placement.state.rawValue), "displaced": .bool(tenant.isDisplaced),
            "hasSecret": .bool(tenant.secret != nil), "hasPreviousSecret": .bool(tenant.previousSecret != nil),
            "sequence": .number(Int(tenant.sequence)), "installedAt": .text(tenant.installedAt.formatted(.iso8601)),
            "updatedAt": .text(tenant.updatedAt.formatted(.iso8601)),
        ]
        members["aliases"] = .array(
            tenant.aliases.map { alias in
                ["framework": .text(alias.framework.rawValue), "app": .text(alias.app), "name": .text(alias.name)]
            })
        if let epoch = tenant.disputedEpoch { members["disputedEpoch"] = .number(Int(epoch)) }
        let optional = [
            "hostRealm": tenant.hostRealm?.code, "baseUrl": tenant.hostBaseURL, "productType": tenant.product,
            "cloudId": tenant.cloudID, "uninstalledAt": tenant.uninstalledAt?.formatted(.iso8601),
        ]
        for (name, text) in optional { if let text { members[name] = .text(text) } }
        return .object(members)
    }

    /// The name people know a tenant by.
    static func name(_ tenant: Tenant) -> String {
        (tenant.alias(.connect) ?? tenant.alias(.forge))?.name ?? tenant.id.description
    }
}
