import TenantDirectory
import Testing

extension DirectoryStoreConformance {
    static let firstInstallCases = [
        Case("An empty directory knows nobody") { suite async throws in
            #expect(try await suite.store.tenant(.alias(suite.connect("a"))) == nil)
            #expect(try await suite.store.tenant(.id(.random())) == nil)
            #expect(try await suite.store.counts().total == 0)
            #expect(try await suite.store.lastSequence() == 0)
            #expect(try await suite.store.changes(after: 0, limit: 10).isEmpty)
            #expect(try await suite.store.audit(of: nil, limit: 10).isEmpty)
        },
        Case("A new tenant is pending, without a secret, until the app has answered") { suite async throws in
            let attempt = try await suite.store.beginInstall(suite.install([suite.connect("a")]), actor: "host")
            let pending = try #require(try await suite.store.tenant(.alias(suite.connect("a"))))
            #expect(pending == attempt.tenant)
            #expect(pending.state == .pending)
            #expect(pending.secret == nil)
            #expect(pending.placement == Placement(region: try suite.region("EU"), epoch: 1, state: .serving))

            let tenant = try await suite.store.completeInstall(attempt, keepPreviousFor: .seconds(60), actor: "host")
            #expect(tenant.id == pending.id)
            #expect(tenant.state == .installed)
            #expect(tenant.secret == Secret("secret"))
            #expect(tenant.previousSecret == nil)
            #expect(tenant.hostBaseURL == "https://a.example")
            #expect(tenant.product == "jira")
            #expect(tenant.cloudID == "cloud-1")
            #expect(tenant.hostRealm == Region("EU"))
            #expect(tenant.installedAt == suite.clock.now)
            #expect(tenant.aliases == [suite.connect("a")])
        },
        Case("What a call returns is what is read afterwards, by name and by id") { suite async throws in
            let tenant = try await suite.installed([suite.connect("a")])
            #expect(try await suite.store.tenant(.id(tenant.id)) == tenant)
            #expect(try await suite.store.tenant(.alias(suite.connect("a"))) == tenant)
        },
        Case("Names are opaque, and belong to an app and a framework") { suite async throws in
            try await suite.installed([suite.connect("a")])
            for other in [
                suite.connect("A"), suite.connect("a "), TenantAlias(.connect, app: "other", name: "a"),
                TenantAlias(.forge, app: "app", name: "a"),
            ] {
                #expect(try await suite.store.tenant(.alias(other)) == nil, "\(other)")
            }
        },
        Case("An abandoned first install leaves nobody, and a tombstone") { suite async throws in
            let attempt = try await suite.store.beginInstall(suite.install([suite.connect("a")]), actor: "host")
            try await suite.store.abandonInstall(attempt, actor: "host")
            #expect(try await suite.store.tenant(.alias(suite.connect("a"))) == nil)
            #expect(try await suite.store.counts().total == 0)
            let change = try #require(try await suite.store.changes(after: attempt.tenant.sequence, limit: 10).first)
            guard case .removed(let id, _, _) = change else {
                Issue.record("the removal is not in the feed")
                return
            }
            #expect(id == attempt.tenant.id)
        },
        Case("A name that comes back goes on counting the epoch under its old id") { suite async throws in
            let first = try await suite.store.beginInstall(suite.install([suite.connect("a")]), actor: "host")
            try await suite.store.abandonInstall(first, actor: "host")
            let again = try await suite.installed([suite.connect("a")], in: "US")
            #expect(again.id == first.tenant.id)
            #expect(again.placement.epoch > first.tenant.placement.epoch)
            let changes = try await suite.store.changes(after: 0, limit: 10)
            #expect(changes.count == 1, "the tombstone is gone")
        },
        Case("A later attempt replaces an earlier one") { suite async throws in
            let install = try suite.install([suite.connect("a")], secret: "one")
            let first = try await suite.store.beginInstall(install, actor: "host")
            let second = try await suite.store.beginInstall(
                suite.install([suite.connect("a")], secret: "two"), actor: "host")
            #expect(first.attempt != second.attempt)
            #expect(first.tenant.id == second.tenant.id)
            await suite.expect(.conflict) { () async throws(DirectoryError) in
                _ = try await suite.store.completeInstall(first, keepPreviousFor: .seconds(60), actor: "host")
            }
            try await suite.store.abandonInstall(first, actor: "host")
            let tenant = try await suite.store.completeInstall(second, keepPreviousFor: .seconds(60), actor: "host")
            #expect(tenant.secret == Secret("two"))
        },
        Case("An attempt is completed once") { suite async throws in
            let attempt = try await suite.store.beginInstall(suite.install([suite.connect("a")]), actor: "host")
            _ = try await suite.store.completeInstall(attempt, keepPreviousFor: .seconds(60), actor: "host")
            await suite.expect(.conflict) { () async throws(DirectoryError) in
                _ = try await suite.store.completeInstall(attempt, keepPreviousFor: .seconds(60), actor: "host")
            }
        },
        Case("A pending tenant that arrives elsewhere is placed there: nothing of it lives anywhere yet") {
            suite async throws in
            let first = try await suite.store.beginInstall(suite.install([suite.connect("a")]), actor: "host")
            let second = try await suite.store.beginInstall(
                suite.install([suite.connect("a")], in: "US"), actor: "host")
            #expect(second.tenant.placement.region == Region("US"))
            #expect(second.tenant.placement.epoch > first.tenant.placement.epoch)
        },
        Case("GLOBAL is not a place") { suite async throws in
            await suite.expect(.conflict) { () async throws(DirectoryError) in
                var install = Install(
                    aliases: [suite.connect("a")], secret: Secret("s"), hostBaseURL: "https://a.example", product: nil,
                    cloudID: nil, region: .global, hostRealm: .global, reinstallWindow: reinstallWindow)
                install.region = .global
                _ = try await suite.store.beginInstall(install, actor: "host")
            }
        },
    ]
}
