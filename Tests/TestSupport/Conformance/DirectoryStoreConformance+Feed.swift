import TenantDirectory
import Testing

extension DirectoryStoreConformance {
    static let feedCases: [Case] = [
        Case("A position of the feed is known again, and what follows it is told") { suite async throws in
            let start = try await suite.store.feedEnd()
            let tenant = try await suite.installed([suite.connect("a")])
            guard case .page(let page) = try await suite.store.feed(after: start, limit: 10) else {
                Issue.record("the start is not known")
                return
            }
            #expect(page.changes.map(\.id) == [tenant.id])
            #expect(page.isLast)
            #expect(page.position == (try await suite.store.feedEnd()))
            #expect(page.history.last == page.position)
            guard case .page(let nothing) = try await suite.store.feed(after: page.position, limit: 10) else {
                Issue.record("the end is not known")
                return
            }
            #expect(nothing.changes.isEmpty)
            #expect(nothing.isLast)
        },
        Case("A number with another id, and a number that nobody has taken, are a cut history") { suite async throws in
            try await suite.installed([suite.connect("a")])
            let end = try await suite.store.feedEnd()
            let foreign = FeedPosition(sequence: end.sequence, id: "another")
            #expect(try await suite.store.feed(after: foreign, limit: 10) == .cut)
            let later = FeedPosition(sequence: end.sequence + 5, id: end.id)
            #expect(try await suite.store.feed(after: later, limit: 10) == .cut)
        },
        Case("A page may end within a transaction, and the next goes on there") { suite async throws in
            let region = try suite.region("EU")
            let lines = (0..<25).map {
                ImportedTenant(aliases: [suite.connect("\($0)")], secret: nil, region: region)
            }
            _ = try await suite.store.importTenants(lines, actor: "test")
            var (position, seen, pages): (FeedPosition?, [Int64], Int) = (nil, [], 0)
            while case .page(let page) = try await suite.store.feed(after: position, limit: 10) {
                seen += page.changes.map(\.sequence)
                position = page.position
                pages += 1
                if page.isLast { break }
            }
            #expect(seen == Array(1...25))
            #expect(pages == 3)
        },
        Case("Tombstones and ids of changes go after their time, and who is so old starts anew") { suite async throws in
            let start = try await suite.store.feedEnd()
            let attempt = try await suite.store.beginInstall(suite.install([suite.connect("a")]), actor: "host")
            try await suite.store.abandonInstall(attempt, actor: "host")
            let old = try await suite.store.feedEnd()
            while try await suite.store.prune() {}
            #expect(try await suite.store.changes(after: 0, limit: 10).count == 1, "the tombstone is too young to go")
            suite.clock.advance(by: .seconds(31 * 86_400))
            let tenant = try await suite.installed([suite.connect("b")])
            #expect(try await suite.store.prune())
            #expect(try await !suite.store.prune())
            #expect(try await suite.store.feed(after: start, limit: 10) == .cut)
            #expect(try await suite.store.feed(after: old, limit: 10) == .cut)
            #expect(try await suite.store.changes(after: 0, limit: 10).map(\.id) == [tenant.id])
            guard case .page = try await suite.store.feed(after: try await suite.store.feedEnd(), limit: 10) else {
                Issue.record("the end is not known any more")
                return
            }
        },
        Case("A dispute is in the feed until it is settled, with an epoch above all") { suite async throws in
            let tenant = try await suite.installed([suite.connect("a")], in: "EU")
            try await suite.store.dispute(tenant.id, knownEpoch: 9, actor: "node")
            let disputed = try #require(try await suite.store.tenant(.id(tenant.id)))
            #expect(disputed.disputedEpoch == 9)
            #expect(disputed.sequence > tenant.sequence)
            #expect(try await suite.store.disputed(limit: 5) == [tenant.id])
            try await suite.store.dispute(tenant.id, knownEpoch: 8, actor: "node")
            #expect(try await suite.store.tenant(.id(tenant.id)) == disputed, "less was known")
            let settled = try await suite.store.settle(tenant.id, in: suite.region("US"), actor: "test")
            #expect(settled.placement == Placement(region: try suite.region("US"), epoch: 10, state: .serving))
            #expect(settled.disputedEpoch == nil)
            #expect(try await suite.store.disputed(limit: 5).isEmpty)
            try await suite.store.dispute(tenant.id, knownEpoch: 9, actor: "node")
            #expect(try await suite.store.tenant(.id(tenant.id)) == settled, "it is over")
            await suite.expect(.conflict) { () throws(DirectoryError) in
                _ = try await suite.store.settle(tenant.id, in: settled.placement.region, actor: "test")
            }
        },
    ]
}
