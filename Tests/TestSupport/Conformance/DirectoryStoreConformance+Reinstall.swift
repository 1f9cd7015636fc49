import Foundation
import TenantDirectory
import Testing

extension DirectoryStoreConformance {
    static let reinstallCases = [
        Case("Until the app has answered a rotation, the earlier secret and address are in force") {
            suite async throws in
            let before = try await suite.installed([suite.connect("a")], secret: "old")
            let install = try suite.install([suite.connect("a")], secret: "new", url: "https://b.example")
            let attempt = try await suite.store.beginInstall(install, actor: "host")
            #expect(try await suite.store.tenant(.id(before.id)) == before)

            suite.clock.advance(by: .seconds(1))
            let after = try await suite.store.completeInstall(attempt, keepPreviousFor: .seconds(60), actor: "host")
            #expect(after.secret == Secret("new"))
            #expect(after.previousSecret == Secret("old"))
            #expect(after.previousSecretUntil == suite.clock.now.addingTimeInterval(60))
            #expect(after.hostBaseURL == "https://b.example")
            #expect(after.placement == before.placement)
            #expect(after.sequence > before.sequence)
        },
        Case("An abandoned rotation leaves the earlier install as it was") { suite async throws in
            let before = try await suite.installed([suite.connect("a")], secret: "old")
            let attempt = try await suite.store.beginInstall(
                suite.install([suite.connect("a")], secret: "new"), actor: "host")
            try await suite.store.abandonInstall(attempt, actor: "host")
            #expect(try await suite.store.tenant(.id(before.id)) == before)
        },
        Case("The same secret again keeps the one before it") { suite async throws in
            try await suite.installed([suite.connect("a")], secret: "one")
            let rotated = try await suite.installed([suite.connect("a")], secret: "two")
            let again = try await suite.installed([suite.connect("a")], secret: "two")
            #expect(again.previousSecret == Secret("one"))
            #expect(again.previousSecretUntil == rotated.previousSecretUntil)
            suite.clock.advance(by: .seconds(3601))
            #expect(try await suite.installed([suite.connect("a")], secret: "two").previousSecret == nil)
        },
        Case("A known tenant that arrives at another region stays, and is displaced") { suite async throws in
            let before = try await suite.installed([suite.connect("a")])
            let after = try await suite.installed([suite.connect("a")], in: "US")
            #expect(after.placement == before.placement)
            #expect(after.hostRealm == Region("US"))
            #expect(after.isDisplaced)
            #expect(try await suite.store.counts().displaced == 1)
        },
        Case("A tenant that comes back within the window keeps its region, and its old secret is dead") {
            suite async throws in
            let before = try await suite.installed([suite.connect("a")], secret: "old")
            _ = try await suite.store.setState(.uninstalled, of: before.id, actor: "host")
            suite.clock.advance(by: reinstallWindow - .seconds(1))
            let after = try await suite.installed([suite.connect("a")], secret: "new", in: "US")
            #expect(after.id == before.id)
            #expect(after.state == .installed)
            #expect(after.uninstalledAt == nil)
            #expect(after.placement == before.placement)
            #expect(after.previousSecret == nil)
        },
        Case("A tenant that comes back after the window is placed anew, under a higher epoch") { suite async throws in
            let before = try await suite.installed([suite.connect("a")])
            let gone = try await suite.store.setState(.uninstalled, of: before.id, actor: "host")
            suite.clock.advance(by: reinstallWindow + .seconds(1))
            let attempt = try await suite.store.beginInstall(
                suite.install([suite.connect("a")], in: "US"), actor: "host")
            #expect(attempt.tenant.placement.region == Region("US"), "that app instance is told")
            #expect(try await suite.store.tenant(.id(before.id)) == gone, "until it has answered nothing changes")
            let after = try await suite.store.completeInstall(attempt, keepPreviousFor: .seconds(60), actor: "host")
            #expect(after.placement.region == Region("US"))
            #expect(after.placement.epoch == before.placement.epoch + 1)
            #expect(!after.isDisplaced)
        },
    ]

    static let joinCases = [
        Case("An install with both names adds the second to a known tenant") { suite async throws in
            let before = try await suite.installed([suite.connect("a")])
            let attempt = try await suite.store.beginInstall(
                suite.install([suite.connect("a"), suite.forge("i")]), actor: "host")
            #expect(try await suite.store.tenant(.alias(suite.forge("i"))) == nil)
            let after = try await suite.store.completeInstall(attempt, keepPreviousFor: .seconds(60), actor: "host")
            #expect(after.id == before.id)
            #expect(Set(after.aliases) == [suite.connect("a"), suite.forge("i")])
            #expect(try await suite.store.tenant(.alias(suite.forge("i"))) == after)
        },
        Case("Two tenants of one region become one, under the older id") { suite async throws in
            let older = try await suite.called(suite.forge("i"))
            suite.clock.advance(by: .seconds(1))
            let younger = try await suite.installed([suite.connect("a")], secret: "old")
            let joined = try await suite.installed([suite.connect("a"), suite.forge("i")], secret: "new")
            #expect(joined.id == older.id)
            #expect(joined.secret == Secret("new"))
            #expect(joined.previousSecret == Secret("old"), "the younger one's calls go on")
            #expect(try await suite.store.tenant(.alias(suite.connect("a"))) == joined)
            #expect(try await suite.store.tenant(.id(younger.id)) == nil)
            #expect(try await suite.store.counts().total == 1)
            let changes = try await suite.store.changes(after: younger.sequence, limit: 10)
            #expect(
                changes.contains {
                    if case .removed(younger.id, _, _) = $0 { true } else { false }
                })
        },
        Case("Two tenants of different regions do not become one") { suite async throws in
            let forge = try await suite.called(suite.forge("i"), in: "US")
            let connect = try await suite.installed([suite.connect("a")], in: "EU")
            let install = try suite.install([suite.connect("a"), suite.forge("i")])
            await suite.expect(.conflict) { () async throws(DirectoryError) in
                _ = try await suite.store.beginInstall(install, actor: "host")
            }
            #expect(try await suite.store.tenant(.id(forge.id)) == forge)
            #expect(try await suite.store.tenant(.id(connect.id)) == connect)
        },
        Case("A second name that another tenant takes while the app thinks is joined then") { suite async throws in
            let before = try await suite.installed([suite.connect("a")])
            let attempt = try await suite.store.beginInstall(
                suite.install([suite.connect("a"), suite.forge("i")]), actor: "host")
            suite.clock.advance(by: .seconds(1))
            try await suite.called(suite.forge("i"))
            let after = try await suite.store.completeInstall(attempt, keepPreviousFor: .seconds(60), actor: "host")
            #expect(after.id == before.id)
            #expect(try await suite.store.tenant(.alias(suite.forge("i"))) == after)
        },
        Case("A new name of the same framework takes the place of the old one") { suite async throws in
            try await suite.installed([suite.connect("a"), suite.forge("i")])
            let after = try await suite.installed([suite.connect("a"), suite.forge("j")])
            #expect(Set(after.aliases) == [suite.connect("a"), suite.forge("j")])
            #expect(try await suite.store.tenant(.alias(suite.forge("i"))) == nil)
        },
    ]
}
