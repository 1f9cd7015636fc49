import TenantDirectory
import TestSupport
import Testing

@testable import ResidencyGateway

@Suite("A lifecycle callback through the whole gateway")
struct LifecycleTests {
    @Test("installed is stored and forwarded as it came, and the tenant serves once the app has answered")
    func installed() async throws {
        try await GatewayFixture.run { fixture async throws in
            let site = HostSite.random(named: "alpha")
            let call = fixture.host.lifecycle("installed", site: site, path: "/installed", baseURL: fixture.us)
            let answer = try await fixture.send(call)
            #expect(answer.status == 204)
            #expect(answer.region == "US")
            let forwarded = try #require(fixture.app.requests.first)
            #expect(forwarded.request.hasPrefix("POST /installed HTTP/1.1\r\n"))
            #expect(forwarded.request.hasSuffix("\r\n\r\n" + String(decoding: call.body, as: UTF8.self)))
            #expect(forwarded.request.contains(call.headers[0].value))
            let record = try #require(await fixture.record(site))
            #expect(record.state == .installed)
            #expect(record.placement.region.code == "US")
            #expect(record.secret == Secret(site.sharedSecret))
            #expect(record.hostBaseURL == site.baseUrl)
            #expect(record.cloudID == site.cloudId)
            let page = try await fixture.page(site, at: fixture.us)
            #expect(page.status == 200)
            #expect(page.region == "US")
        }
    }

    @Test("installed at the plain URL is placed in the default region")
    func plainURL() async throws {
        try await GatewayFixture.run { fixture async throws in
            let site = HostSite.random(named: "alpha")
            #expect(try await fixture.install(site, at: fixture.plain).region == "EU")
            #expect(try await fixture.record(site)?.hostRealm == .global)
        }
    }

    @Test(
        "installed that the app refuses, or does not answer, leaves no tenant, and may be repeated",
        arguments: [500, 0])
    func refusedInstall(status: Int) async throws {
        try await GatewayFixture.run { fixture async throws in
            let site = HostSite.random(named: "alpha")
            fixture.app.answer(with: status)
            #expect(try await fixture.install(site, at: fixture.eu).status == (status == 0 ? 502 : status))
            #expect(try await fixture.record(site) == nil)
            #expect(try await fixture.page(site, at: fixture.eu).refusal == "unknown-tenant")
            fixture.app.answer(with: 200)
            #expect(try await fixture.install(site, at: fixture.eu).status == 200)
            #expect(try await fixture.page(site, at: fixture.eu).status == 200)
        }
    }

    @Test("a new secret that the app refuses changes nothing; one it takes replaces the old, which counts for a while")
    func rotation() async throws {
        try await GatewayFixture.run { fixture async throws in
            let site = HostSite.random(named: "alpha")
            _ = try await fixture.install(site, at: fixture.eu)
            var rotated = site
            rotated.sharedSecret = HostNames.secret()
            fixture.app.answer(with: 503)
            #expect(try await fixture.install(rotated, at: fixture.eu).status == 503)
            #expect(try await fixture.page(site, at: fixture.eu).status == 200)
            #expect(try await fixture.page(rotated, at: fixture.eu).refusal == "bad-signature")
            fixture.app.answer(with: 204)
            #expect(try await fixture.install(rotated, at: fixture.eu).status == 204)
            #expect(try await fixture.page(rotated, at: fixture.eu).status == 200)
            #expect(try await fixture.page(site, at: fixture.eu).status == 200)
        }
    }

    @Test("the old secret counts no longer where it is not to be kept")
    func rotationWithoutGrace() async throws {
        try await GatewayFixture.run("lifecycle: { previousSecretFor: 0s }") { fixture async throws in
            let site = HostSite.random(named: "alpha")
            _ = try await fixture.install(site, at: fixture.eu)
            var rotated = site
            rotated.sharedSecret = HostNames.secret()
            _ = try await fixture.install(rotated, at: fixture.eu)
            #expect(try await fixture.page(rotated, at: fixture.eu).status == 200)
            #expect(try await fixture.page(site, at: fixture.eu).refusal == "bad-signature")
        }
    }

    @Test("enabled and disabled are signed with the secret and change the state when the app has answered")
    func enabled() async throws {
        try await GatewayFixture.run { fixture async throws in
            let site = HostSite.random(named: "alpha")
            #expect(try await fixture.lifecycle("enabled", site, at: fixture.eu).refusal == "unknown-tenant")
            _ = try await fixture.install(site, at: fixture.eu)
            #expect(try await fixture.lifecycle("enabled", site, at: fixture.eu).status == 204)
            #expect(try await fixture.record(site)?.state == .enabled)
            fixture.app.answer(with: 500)
            #expect(try await fixture.lifecycle("disabled", site, at: fixture.eu).status == 500)
            #expect(try await fixture.record(site)?.state == .enabled)
            fixture.app.answer(with: 204)
            #expect(try await fixture.lifecycle("disabled", site, at: fixture.eu).status == 204)
            #expect(try await fixture.record(site)?.state == .disabled)
            // The app decides what a switched-off tenant sees.
            #expect(try await fixture.page(site, at: fixture.eu).status == 200)
            var imposter = site
            imposter.sharedSecret = HostNames.secret()
            #expect(try await fixture.lifecycle("enabled", imposter, at: fixture.eu).refusal == "bad-signature")
        }
    }

    @Test("uninstalled ends the service; a tenant that comes back keeps its region and is displaced")
    func uninstalled() async throws {
        try await GatewayFixture.run { fixture async throws in
            let site = HostSite.random(named: "alpha")
            _ = try await fixture.install(site, at: fixture.us)
            #expect(try await fixture.lifecycle("uninstalled", site, at: fixture.us).status == 204)
            #expect(try await fixture.page(site, at: fixture.us).refusal == "tenant-uninstalled")
            #expect(try await fixture.lifecycle("enabled", site, at: fixture.us).refusal == "tenant-uninstalled")
            #expect(try await fixture.install(site, at: fixture.eu).region == "US")
            let record = try #require(await fixture.record(site))
            #expect(record.placement.region.code == "US")
            #expect(record.isDisplaced)
            #expect(try await fixture.page(site, at: fixture.eu).region == "US")
        }
    }

    @Test("uninstalled of a tenant that is not known is done already, once it is verified")
    func uninstalledUnknown() async throws {
        try await GatewayFixture.run { fixture async throws in
            let site = HostSite.random(named: "alpha")
            let answer = try await fixture.lifecycle("uninstalled", site, at: fixture.eu)
            #expect(answer.status == 204)
            #expect(fixture.app.requests.isEmpty)
            let stranger = HostSimulator(
                installKeys: try HostKeyPair.random(), forgeKeys: fixture.host.forgeKeys, appKey: SampleApp.key)
            let forged = stranger.lifecycle("uninstalled", site: site, path: "/uninstalled", baseURL: fixture.eu)
            #expect(try await fixture.send(forged).refusal == "unknown-key")
        }
    }

    @Test("an install with both names, and Forge calls of the installation, are one tenant")
    func bothNames() async throws {
        try await GatewayFixture.run { fixture async throws in
            let site = HostSite.random(named: "alpha")
            let forge = { (url: String) in
                try fixture.host.forgeCall(
                    site: site, appID: GatewayFixture.forgeAppID, method: "GET", path: "/api", baseURL: url)
            }
            // Forge first: the tenant is made by the call, in the region of the URL.
            #expect(try await fixture.send(try forge(fixture.us)).region == "US")
            var call = fixture.host.lifecycle("installed", site: site, path: "/installed", baseURL: fixture.us)
            var body = try #require(JSONValue(call.body)).members
            body["installationId"] = .text(site.installationId)
            call = HostCallMade(
                title: call.title, method: call.method, url: call.url, headers: call.headers,
                body: JSONValue.object(body).bytes)
            #expect(try await fixture.send(call).status == 204)
            let record = try #require(await fixture.record(site))
            #expect(record.aliases.count == 2)
            #expect(record.alias(.forge)?.name == site.installationId)
            #expect(try await fixture.send(try forge(fixture.eu)).region == "US")
            #expect(try await fixture.page(site, at: fixture.us).region == "US")
        }
    }

    @Test("a signature by another key, a key that is not known, and a foreign audience are refused; nothing is stored")
    func forgedInstalls() async throws {
        try await GatewayFixture.run { fixture async throws in
            let site = HostSite.random(named: "alpha")
            let stolenName = HostSimulator(
                installKeys: HostKeyPair(kid: fixture.host.installKeys.kid, key: try HostKeyPair.random().key),
                forgeKeys: fixture.host.forgeKeys, appKey: SampleApp.key)
            let ownName = HostSimulator(
                installKeys: try HostKeyPair.random(), forgeKeys: fixture.host.forgeKeys, appKey: SampleApp.key)
            let calls = [
                (
                    stolenName.lifecycle("installed", site: site, path: "/installed", baseURL: fixture.eu),
                    "bad-signature"
                ),
                (ownName.lifecycle("installed", site: site, path: "/installed", baseURL: fixture.eu), "unknown-key"),
            ]
            for (call, refusal) in calls { #expect(try await fixture.send(call).refusal == refusal) }
            let made = fixture.host.lifecycle(
                "installed", site: site, path: "/installed", baseURL: "https://other.example.com")
            let foreign = HostCallMade(
                title: made.title, method: made.method, url: fixture.eu + "/installed", headers: made.headers,
                body: made.body)
            #expect(try await fixture.send(foreign).refusal == "bad-audience")
            #expect(try await fixture.record(site) == nil)
            #expect(fixture.app.requests.isEmpty)
        }
    }

    @Test("the descriptor is served with the public URLs, to whoever asks")
    func descriptor() async throws {
        try await GatewayFixture.run { fixture async throws in
            let app = try await fixture.caller.app(at: fixture.plain, descriptorPath: "/atlassian-connect.json")
            #expect(app.key == SampleApp.key)
            #expect(app.baseURL == fixture.plain)
            #expect(app.regionBaseURLs == ["EU": fixture.eu, "US": fixture.us])
            #expect(app.lifecycle["dare-migration"] != nil)
            #expect(fixture.app.requests.isEmpty)
        }
    }
}
