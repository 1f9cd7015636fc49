import FoundationEssentials
import Testing

@testable import TenantDirectory

@Suite("The table of recent tenants")
struct RecentTenantsTests {
    /// The same operations on a plain list that is searched from end to end.
    struct Model {
        let capacity: Int
        var tenants: [Tenant] = []

        mutating func tenant(_ id: TenantID) -> Tenant? {
            guard let index = tenants.firstIndex(where: { $0.id == id }) else { return nil }
            let found = tenants.remove(at: index)
            tenants.append(found)
            return found
        }

        mutating func insert(_ tenant: Tenant) {
            tenants.removeAll { $0.id == tenant.id || !Set($0.aliases).isDisjoint(with: tenant.aliases) }
            if tenants.count >= capacity { tenants.removeFirst() }
            tenants.append(tenant)
        }
    }

    @Test("does what a plain list does, over many random steps", arguments: [1, 2, 5, 16])
    func againstModel(capacity: Int) throws {
        let region = try #require(Region("EU"))
        var table = RecentTenants(capacity: capacity)
        var model = Model(capacity: capacity)
        for step in 0..<5000 {
            let number = Int.random(in: 0..<20)
            let id = TenantID(high: 0, low: UInt64(number))
            switch Int.random(in: 0..<5) {
            case 0:
                table.remove(id)
                model.tenants.removeAll { $0.id == id }
            case 1, 2:
                let names = Set([number, Int.random(in: 0..<20)])
                let tenant = Tenant(
                    id: id, aliases: names.map { TenantAlias(.connect, app: "app", name: "\($0)") }, state: .enabled,
                    placement: Placement(region: region, epoch: 1, state: .serving), sequence: Int64(step),
                    installedAt: .distantPast, updatedAt: .distantPast)
                table.insert(tenant)
                model.insert(tenant)
            case 3:
                let alias = TenantAlias(.connect, app: "app", name: "\(number)")
                let found = table.tenant(.alias(alias))
                let expected = model.tenants.first { $0.aliases.contains(alias) }.flatMap { model.tenant($0.id) }
                #expect(found == expected)
            default:
                let found = table.tenant(.id(id))
                let expected = model.tenant(id)
                #expect(found == expected)
            }
            #expect(table.count == model.tenants.count)
        }
        for tenant in model.tenants { #expect(table.peek(tenant.id) == tenant) }
    }
}
