import TenantDirectory
import Testing

extension DirectoryStoreConformance {
    static let stateCases = [
        Case("States follow the host's calls, and repeating one changes nothing") { suite async throws in
            let id = try await suite.installed([suite.connect("a")]).id
            for state in [Tenant.State.enabled, .disabled, .enabled, .uninstalled] {
                let changed = try await suite.store.setState(state, of: id, actor: "host")
                #expect(changed.state == state)
                #expect(changed.uninstalledAt == (state == .uninstalled ? suite.clock.now : nil))
                suite.clock.advance(by: .seconds(1))
                #expect(try await suite.store.setState(state, of: id, actor: "host") == changed)
                #expect(try await suite.store.tenant(.id(id)) == changed)
            }
        },
        Case("An `enabled` that is late does not bring an uninstalled tenant back") { suite async throws in
            let id = try await suite.installed([suite.connect("a")]).id
            let gone = try await suite.store.setState(.uninstalled, of: id, actor: "host")
            await suite.expect(.conflict) { () async throws(DirectoryError) in
                _ = try await suite.store.setState(.enabled, of: id, actor: "host")
            }
            #expect(try await suite.store.tenant(.id(id)) == gone)
        },
        Case("A state of an unknown tenant is refused") { suite async throws in
            await suite.expect(.unknownTenant) { () async throws(DirectoryError) in
                _ = try await suite.store.setState(.enabled, of: .random(), actor: "host")
            }
        },
        Case("The first Forge call makes the tenant, the next one changes nothing") { suite async throws in
            let tenant = try await suite.called(suite.forge("i"), in: "US")
            #expect(tenant.state == .installed)
            #expect(tenant.placement == Placement(region: try suite.region("US"), epoch: 1, state: .serving))
            #expect(tenant.secret == nil)
            #expect(try await suite.called(suite.forge("i"), in: "EU") == tenant)
        },
        Case("Racing Forge calls make one tenant") { suite async throws in
            let ids = try await withThrowingTaskGroup(of: TenantID.self) { group in
                for _ in 0..<16 { group.addTask { try await suite.called(suite.forge("i")).id } }
                return try await group.reduce(into: Set<TenantID>()) { $0.insert($1) }
            }
            #expect(ids.count == 1)
            #expect(try await suite.store.counts().total == 1)
        },
        Case("The realm the host calls is noted without an audit entry or a new epoch") { suite async throws in
            let before = try await suite.installed([suite.connect("a")])
            let entries = try await suite.store.audit(of: before.id, limit: 100).count
            let after = try await suite.store.noteHostRealm(suite.region("US"), of: before.id)
            #expect(after.hostRealm == Region("US"))
            #expect(after.placement == before.placement)
            #expect(after.sequence > before.sequence)
            #expect(try await suite.store.noteHostRealm(suite.region("US"), of: before.id) == after)
            #expect(try await suite.store.audit(of: before.id, limit: 100).count == entries)
        },
        Case("Each change leaves who, what and when, and no secret") { suite async throws in
            let tenant = try await suite.installed([suite.connect("a")], secret: "hush-hush")
            suite.clock.advance(by: .seconds(5))
            _ = try await suite.store.setState(.uninstalled, of: tenant.id, actor: "operator")
            let entries = try await suite.store.audit(of: tenant.id, limit: 10)
            #expect(entries.map(\.action) == ["uninstalled", "installed", "install begun"])
            #expect(entries.first?.actor == "operator")
            #expect(entries.first?.at == suite.clock.now)
            #expect(entries.allSatisfy { $0.tenant == tenant.id && !$0.detail.contains("hush") })
            #expect(try await suite.store.audit(of: nil, limit: 2) == Array(entries.prefix(2)))
        },
    ]

    static let listingCases = [
        Case("Listing pages through all tenants in the order of their ids") { suite async throws in
            var ids: Set<TenantID> = []
            for index in 0..<7 { ids.insert(try await suite.installed([suite.connect("\(index)")]).id) }
            var found: [TenantID] = []
            while true {
                let page = try await suite.store.tenants(after: found.last, limit: 3, filter: TenantFilter())
                found += page.map(\.id)
                if page.count < 3 { break }
            }
            #expect(found.count == 7)
            #expect(Set(found) == ids)
            #expect(found.map(\.description) == found.map(\.description).sorted())
        },
        Case("Listing is narrowed by region, state and displacement") { suite async throws in
            let us = try await suite.installed([suite.connect("us")], in: "US")
            let displaced = try await suite.installed([suite.connect("displaced")], in: "EU")
            _ = try await suite.store.noteHostRealm(suite.region("US"), of: displaced.id)
            let gone = try await suite.installed([suite.connect("gone")], in: "EU")
            _ = try await suite.store.setState(.uninstalled, of: gone.id, actor: "host")
            func found(_ filter: TenantFilter) async throws -> Set<TenantID> {
                Set(try await suite.store.tenants(after: nil, limit: 10, filter: filter).map(\.id))
            }
            #expect(try await found(TenantFilter(region: Region("US"))) == [us.id])
            #expect(try await found(TenantFilter(state: .uninstalled)) == [gone.id])
            #expect(try await found(TenantFilter(displacedOnly: true)) == [displaced.id])
            #expect(try await found(TenantFilter(region: Region("US"), displacedOnly: true)).isEmpty)
            let counts = try await suite.store.counts()
            #expect(counts.byState == [.installed: 2, .uninstalled: 1])
            #expect(counts.displaced == 1)
        },
        Case("The feed gives the last state of what changed after a number, in order") { suite async throws in
            let a = try await suite.installed([suite.connect("a")])
            let b = try await suite.installed([suite.connect("b")])
            let changedA = try await suite.store.setState(.enabled, of: a.id, actor: "host")
            let all = try await suite.store.changes(after: 0, limit: 10)
            #expect(all.map(\.sequence) == [b.sequence, changedA.sequence])
            #expect(try await suite.store.changes(after: b.sequence, limit: 10).map(\.sequence) == [changedA.sequence])
            #expect(try await suite.store.changes(after: 0, limit: 1).map(\.sequence) == [b.sequence])
            #expect(try await suite.store.lastSequence() == changedA.sequence)
            #expect(try await suite.store.changes(after: changedA.sequence, limit: 10).isEmpty)
        },
        Case("Numbers only grow, whoever writes at once") { suite async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<20 { group.addTask { try await suite.installed([suite.connect("\(index)")]) } }
                try await group.waitForAll()
            }
            let numbers = try await suite.store.changes(after: 0, limit: 100).map(\.sequence)
            #expect(numbers.count == 20)
            #expect(Set(numbers).count == 20)
            #expect(numbers == numbers.sorted())
        },
    ]
}
