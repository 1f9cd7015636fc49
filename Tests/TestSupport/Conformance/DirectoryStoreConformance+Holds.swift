import TenantDirectory
import Testing

extension DirectoryStoreConformance {
    private var holds: any HoldStore & NodeRegistry {
        get throws { try #require(store as? any HoldStore & NodeRegistry) }
    }

    private func nodes(_ regions: [[String]]) async throws -> [NodeRecord.Identity] {
        var identities: [NodeRecord.Identity] = []
        for (index, codes) in regions.enumerated() {
            let identity = NodeRecord.Identity(newProcessOf: "node-\(index)")
            let node = NodeRecord(
                identity: identity, regions: try codes.map { try region($0) }, version: "1", regionView: "EU US",
                configurationDigest: "d", startedAt: 0)
            try await holds.register(node, replacing: nil)
            identities.append(identity)
        }
        return identities
    }

    private func held(_ tenant: Tenant, above epoch: Int64 = 0) async throws -> TenantHold {
        try await holds.hold(tenant.id, for: "m1", at: region("EU"), above: epoch, actor: "migration")
    }

    static let holdCases: [Case] = [
        Case("A hold takes an epoch above the directory's and above all that were answered, and is seen in the feed") {
            suite async throws in
            let holds = try suite.holds
            let tenant = try await suite.installed([suite.connect("a")])
            let hold = try await suite.held(tenant, above: 7)
            #expect(hold.epoch == 8)
            let record = try await suite.store.tenant(.id(tenant.id))
            #expect(record?.placement == Placement(region: try suite.region("EU"), epoch: 8, state: .held))
            #expect(record?.sequence == hold.sequence)
            #expect(try await holds.hold(of: tenant.id) == hold)
            // The same migration that asks again, for it does not know whether it was heard, has what it has.
            #expect(try await suite.held(tenant, above: 20) == hold)
        },
        Case("A tenant is held by one migration, and where it is") { suite async throws in
            let holds = try suite.holds
            let tenant = try await suite.installed([suite.connect("a")])
            await suite.expect(.conflict) { () async throws(DirectoryError) in
                _ = try await holds.hold(
                    tenant.id, for: "m1", at: Region("US") ?? .global, above: 0, actor: "migration")
            }
            let hold = try await suite.held(tenant)
            await suite.expect(.conflict) { () async throws(DirectoryError) in
                _ = try await holds.hold(tenant.id, for: "m2", at: hold.source, above: 0, actor: "migration")
            }
        },
        Case("The barrier passes when every owner node of the source has acknowledged this hold, and no other node") {
            suite async throws in
            let holds = try suite.holds
            let tenant = try await suite.installed([suite.connect("a")])
            let nodes = try await suite.nodes([["EU"], ["EU", "US"], ["US"]])
            let hold = try await suite.held(tenant)
            #expect(Set(try await holds.passBarrier(hold, acknowledged: [], passedOver: [])) == Set(nodes[..<2]))
            try await holds.acknowledge(hold, by: nodes[0])
            await suite.expect(.conflict) { () async throws(DirectoryError) in
                _ = try await holds.release(hold, to: Region("US") ?? .global, actor: "migration")
            }
            // One that registers while the hold is on counts too, and so does a new process of an old name.
            let late = try await suite.nodes([["US"], ["US"], ["US"], ["EU"]]).suffix(1)
            #expect(try await holds.passBarrier(hold, acknowledged: [], passedOver: []) == Array(late))
            #expect(try await holds.passBarrier(hold, acknowledged: Set(late), passedOver: []).isEmpty)
            let switched = try await holds.release(hold, to: suite.region("US"), actor: "migration")
            #expect(
                switched.placement
                    == Placement(region: try suite.region("US"), epoch: hold.epoch + 1, state: .serving))
            #expect(try await holds.release(hold, to: suite.region("US"), actor: "migration") == switched)
            #expect(try await holds.hold(of: tenant.id) == nil)
        },
        Case("A hold of what may write alone becomes a hold of all, which has to be acknowledged anew before a switch")
        {
            suite async throws in
            let holds = try suite.holds
            let tenant = try await suite.installed([suite.connect("a")])
            let nodes = try await suite.nodes([["EU"]])
            let moving = try await holds.hold(
                tenant.id, for: "m1", at: suite.region("EU"), above: 0, as: .moving, actor: "migration")
            #expect(try await suite.store.tenant(.id(tenant.id))?.placement == moving.placement)
            #expect(moving.placement.state == .moving)
            #expect(try await holds.hold(of: tenant.id) == moving)
            #expect(try await holds.passBarrier(moving, acknowledged: Set(nodes), passedOver: []).isEmpty)
            await suite.expect(.conflict) { () async throws(DirectoryError) in
                _ = try await holds.release(moving, to: Region("US") ?? .global, actor: "migration")
            }
            let held = try await suite.held(tenant)
            #expect(held.epoch == moving.epoch + 1 && held.state == .held)
            #expect(try await holds.passBarrier(held, acknowledged: [], passedOver: []) == nodes)
            await suite.expect(.conflict) { () async throws(DirectoryError) in
                try await holds.acknowledge(moving, by: nodes[0])
            }
            #expect(
                try await holds.hold(
                    tenant.id, for: "m1", at: held.source, above: 0, as: .moving, actor: "migration") == held)
            #expect(try await holds.release(held, to: held.source, actor: "migration").placement.state == .serving)
        },
        Case("Whoever takes a migration over takes over its stop of the writes, at an epoch of its own") {
            suite async throws in
            let holds = try suite.holds
            let tenant = try await suite.installed([suite.connect("a")])
            func stop(_ name: String, as state: Placement.State) async throws(DirectoryError) -> TenantHold {
                try await holds.hold(
                    tenant.id, for: name, at: tenant.placement.region, above: 0, as: state, actor: "migration")
            }
            let first = try await stop("m1/1", as: .moving)
            await suite.expect(.conflict) { () async throws(DirectoryError) in _ = try await stop("m2/1", as: .moving) }
            let second = try await stop("m1/2", as: .moving)
            #expect(second.epoch == first.epoch + 1 && second.state == .moving)
            let held = try await stop("m1/3", as: .held)
            #expect(held.epoch == second.epoch + 1 && held.state == .held)
            // A hold of all requests is settled before anything else, never taken over.
            await suite.expect(.conflict) { () async throws(DirectoryError) in _ = try await stop("m1/4", as: .held) }
            #expect(try await holds.hold(of: tenant.id) == held)
        },
        Case("Acknowledgements that nodes have written count only where the coordinator takes them") {
            suite async throws in
            let holds = try suite.holds
            let tenant = try await suite.installed([suite.connect("a")])
            let node = try await suite.nodes([["EU"]])[0]
            let hold = try await suite.held(tenant)
            #expect(try await holds.holds(limit: 10) == [hold])
            #expect(try await holds.holds(limit: 0).isEmpty)
            try await holds.acknowledge(hold, by: node)
            #expect(
                try await holds.passBarrier(hold, acknowledged: [], passedOver: [], countsWritten: false) == [node])
            #expect(
                try await holds.passBarrier(hold, acknowledged: [node], passedOver: [], countsWritten: false).isEmpty)
        },
        Case("A node may be passed over by name") { suite async throws in
            let holds = try suite.holds
            let tenant = try await suite.installed([suite.connect("a")])
            let nodes = try await suite.nodes([["EU"], ["EU"]])
            let hold = try await suite.held(tenant)
            #expect(
                try await holds.passBarrier(hold, acknowledged: [nodes[0]], passedOver: [nodes[1]]).isEmpty)
        },
        Case("An acknowledgement of an earlier hold does not count for the next one") { suite async throws in
            let holds = try suite.holds
            let tenant = try await suite.installed([suite.connect("a")])
            let node = try await suite.nodes([["EU"]])[0]
            let first = try await suite.held(tenant)
            try await holds.acknowledge(first, by: node)
            let back = try await holds.release(first, to: suite.region("EU"), actor: "migration")
            #expect(back.placement.epoch == first.epoch + 1)
            let second = try await suite.held(tenant)
            #expect(second.epoch == first.epoch + 2)
            #expect(second.change != first.change)
            await suite.expect(.conflict) { () async throws(DirectoryError) in
                try await holds.acknowledge(first, by: node)
            }
            await suite.expect(.conflict) { () async throws(DirectoryError) in
                _ = try await holds.release(first, to: Region("US") ?? .global, actor: "migration")
            }
            #expect(try await holds.passBarrier(second, acknowledged: [], passedOver: []) == [node])
        },
    ]
}
