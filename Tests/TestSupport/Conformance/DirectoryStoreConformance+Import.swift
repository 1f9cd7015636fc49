import TenantDirectory
import Testing

extension DirectoryStoreConformance {
    private func line(_ name: String, secret: String? = "secret", in code: String = "EU") throws -> ImportedTenant {
        ImportedTenant(aliases: [connect(name)], secret: secret.map { Secret($0) }, region: try region(code))
    }

    static let importCases = [
        Case("An import adds tenants that are installed where the file says") { suite async throws in
            var gone = try suite.line("b", in: "US")
            gone.isUninstalled = true
            let outcome = try await suite.store.importTenants([suite.line("a"), gone], actor: "tenants import")
            #expect(outcome.added == 2)
            let a = try #require(try await suite.store.tenant(.alias(suite.connect("a"))))
            #expect(a.state == .installed)
            #expect(a.secret == Secret("secret"))
            #expect(a.hostRealm == nil)
            #expect(!a.isDisplaced)
            let b = try #require(try await suite.store.tenant(.alias(suite.connect("b"))))
            #expect(b.state == .uninstalled)
            #expect(b.uninstalledAt == suite.clock.now)
            #expect(b.placement.region == Region("US"))
            #expect(try await suite.store.audit(of: a.id, limit: 1).first?.action == "imported")
        },
        Case("Repeating an import changes nothing and says so") { suite async throws in
            let batch = try (0..<5).map { try suite.line("\($0)") }
            _ = try await suite.store.importTenants(batch, actor: "tenants import")
            let last = try await suite.store.lastSequence()
            let outcome = try await suite.store.importTenants(batch, actor: "tenants import")
            #expect(outcome.added == 0)
            #expect(outcome.skipped == 5)
            #expect(outcome.differing.isEmpty)
            #expect(try await suite.store.lastSequence() == last)
        },
        Case("An import never replaces a secret, a region or a state, and names what differs") { suite async throws in
            let secret = try await suite.installed([suite.connect("secret")], secret: "newer")
            let region = try await suite.installed([suite.connect("region")], in: "US")
            let state = try await suite.installed([suite.connect("state")])
            var uninstalled = try suite.line("state")
            uninstalled.isUninstalled = true
            uninstalled.hostBaseURL = "https://other.example"
            let outcome = try await suite.store.importTenants(
                [suite.line("secret"), suite.line("region"), uninstalled], actor: "tenants import")
            #expect(outcome.added == 0)
            #expect(outcome.completed == 0)
            #expect(outcome.skipped == 3)
            #expect(outcome.differing == [suite.connect("secret"), suite.connect("region")])
            for tenant in [secret, region, state] {
                #expect(try await suite.store.tenant(.id(tenant.id)) == tenant)
            }
        },
        Case("An import fills what is missing, a second name and a secret too") { suite async throws in
            let before = try await suite.called(suite.forge("i"))
            let line = ImportedTenant(
                aliases: [suite.connect("a"), suite.forge("i")], secret: Secret("s"), region: try suite.region("EU"),
                hostBaseURL: "https://a.example", product: "confluence", cloudID: "other")
            let outcome = try await suite.store.importTenants([line], actor: "tenants import")
            #expect(outcome.completed == 1)
            let after = try #require(try await suite.store.tenant(.alias(suite.connect("a"))))
            #expect(after.id == before.id)
            #expect(Set(after.aliases) == Set(line.aliases))
            #expect(after.secret == Secret("s"))
            #expect(after.hostBaseURL == "https://a.example")
            #expect(after.product == "jira")
            #expect(after.cloudID == "cloud-1")
            #expect(after.placement == before.placement)
        },
        Case("A name that comes twice in a batch is taken once") { suite async throws in
            let outcome = try await suite.store.importTenants(
                [suite.line("a"), suite.line("a"), suite.line("a", secret: "other")], actor: "tenants import")
            #expect(outcome.added == 1)
            #expect(outcome.skipped == 2)
            #expect(outcome.differing == [suite.connect("a")])
        },
        Case("An install that waits for the app is left alone") { suite async throws in
            let attempt = try await suite.store.beginInstall(suite.install([suite.connect("a")]), actor: "host")
            let outcome = try await suite.store.importTenants([suite.line("a", in: "US")], actor: "tenants import")
            #expect(outcome.skipped == 1)
            #expect(try await suite.store.tenant(.id(attempt.tenant.id)) == attempt.tenant)
        },
        Case("A batch that breaks a rule leaves nothing behind") { suite async throws in
            await suite.expect(.conflict) { () async throws(DirectoryError) in
                let lines = ["a", "b"].map { name in
                    ImportedTenant(aliases: [suite.connect(name)], secret: nil, region: .global)
                }
                _ = try await suite.store.importTenants(lines, actor: "tenants import")
            }
            #expect(try await suite.store.counts().total == 0)
            #expect(try await suite.store.lastSequence() == 0)
        },
        Case("Each imported tenant has its own number in the feed") { suite async throws in
            let batch = try (0..<1000).map { try suite.line("\($0)") }
            let outcome = try await suite.store.importTenants(batch, actor: "tenants import")
            #expect(outcome.added == 1000)
            let numbers = try await suite.store.changes(after: 0, limit: 2000).map(\.sequence)
            #expect(numbers == Array(1...1000))
        },
    ]
}
