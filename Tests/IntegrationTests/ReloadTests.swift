import Foundation
import RealmMigration
import Synchronization
import TestSupport
import Testing

@testable import ResidencyGateway

@Suite("serve that is told to read its configuration again, or to stop, under load", .timeLimit(.minutes(3)))
struct ReloadTests {
    /// Pages that are opened one after the other by several clients at once, until it is ended.
    private final class Load: Sendable {
        private let isEnded = Mutex(false)
        let failures = Mutex<[String]>([])
        let count = Mutex(0)

        func end() { isEnded.withLock { $0 = true } }

        func run(_ simulator: HostSimulator, _ host: HostSite, at url: String) async throws {
            try await withOutboundClient(HostCaller.outbound) { client in
                await withTaskGroup(of: Void.self) { tasks in
                    for _ in 0..<4 {
                        tasks.addTask { await self.pages(simulator, host, url, HostCaller(client: client)) }
                    }
                }
            }
        }

        private func pages(_ simulator: HostSimulator, _ host: HostSite, _ url: String, _ caller: HostCaller) async {
            while !isEnded.withLock({ $0 }) {
                do {
                    let answer = try await caller.send(simulator.page(site: host, path: "/panel", baseURL: url))
                    if answer.status != 200 { failures.withLock { $0.append("\(answer.status)") } }
                } catch {
                    failures.withLock { $0.append("\(error)") }
                }
                count.withLock { $0 += 1 }
            }
        }

        /// Waits for more pages to have been opened.
        func goesOn() async {
            let wanted = count.withLock { $0 } + 20
            while count.withLock({ $0 }) < wanted { await Task.yield() }
        }
    }

    private func serve(_ site: GatewaySite, _ environment: [String: String]) async throws -> (ChildProcess, String) {
        let gateway = try ChildProcess(["serve", "--config", site.config], environment: environment)
        let line = await gateway.line()
        try #require(GatewaySite.member("event", of: line) == "serving")
        return (gateway, try #require(GatewaySite.member("admin", of: line)))
    }

    /// A site that has installed the app in EU.
    private func install(_ site: GatewaySite) async throws -> (HostSimulator, HostSite) {
        let state = try HostState.load(site.hostState)
        let simulator = HostSimulator(
            installKeys: state.installKeys, forgeKeys: state.forgeKeys, appKey: SampleApp.key)
        let host = HostSite.random(named: "alpha")
        let call = simulator.lifecycle(
            "installed", site: host, path: "/installed", baseURL: site.settings.regionURL("EU"))
        try await withOutboundClient(HostCaller.outbound) { client in
            let answer = try await HostCaller(client: client).send(call)
            #expect(answer.status == 204)
        }
        return (simulator, host)
    }

    private func status(_ url: String) async throws -> Int {
        try await withOutboundClient(HostCaller.outbound) { client in
            try await client.fetch(OutboundRequest(url: url, timeout: .seconds(30))).status
        }
    }

    private func rewrite(_ site: GatewaySite, _ old: String, _ new: String) throws {
        let text = try String(contentsOfFile: site.config, encoding: .utf8)
        let changed = text.replacing(old, with: new)
        try #require(changed != text)
        try Data(changed.utf8).write(to: URL(fileURLWithPath: site.config), options: .atomic)
    }

    @Test("takes another app instance at SIGHUP, refuses what is wrong, and fails no call meanwhile")
    func reload() async throws {
        let site = try await GatewaySite()
        let other = try ChildProcess(
            ["sample-app", "--port", "0", "--name", "other", "--database", site.settings.file("other.sqlite")])
        defer { other.killAtOnce() }
        let address = try #require(GatewaySite.member("listen", of: await other.line()))
        let (gateway, _) = try await serve(site, ["RESIDENCY_RELOAD_INTERVAL": "0s"])
        let (simulator, host) = try await install(site)
        let load = Load()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await load.run(simulator, host, at: site.settings.plainURL) }
            defer { load.end() }
            await load.goesOn()
            let text = try String(contentsOfFile: site.config, encoding: .utf8)
            let before = try #require(text.firstMatch(of: /EU: \["http:\/\/127.0.0.1:\d+"\]/)?.output)
            try rewrite(site, String(before), "EU: [\"http://\(address)\"]")
            try rewrite(site, "admin:     { host: 127.0.0.1, port: 0 }", "admin:     { host: 127.0.0.1, port: 1 }")
            gateway.hangUp()
            #expect(await gateway.line() == #"{"event":"reloaded"}"#)
            await load.goesOn()
            try await withOutboundClient(HostCaller.outbound) { client in
                let page = simulator.page(site: host, path: "/panel", baseURL: site.settings.plainURL)
                let answer = try await HostCaller(client: client).send(page)
                #expect(answer.response.header("x-answered-by") == "other")
            }
            try rewrite(site, "defaultRegion: EU", "defaultRegion: eu\nnonsense: 1")
            gateway.hangUp()
            #expect(await gateway.line() == #"{"event":"reload-refused"}"#)
            await load.goesOn()
            load.end()
            try await tasks.waitForAll()
        }
        #expect(load.failures.withLock { $0 } == [])
        gateway.terminate()
        let ending = await gateway.ending()
        #expect(ending.status == 0)
        #expect(ending.errors.contains("gateway.yaml:"))
        #expect(ending.errors.contains("defaultRegion") && ending.errors.contains("nonsense"))
    }

    /// The regions of the only node, as the directory has them.
    private func regions(_ site: GatewaySite) async throws -> [String] {
        let list = try await site.command(["nodes", "list", "--json"])
        let node = try #require(JSONValue(Array(list.output.utf8)), "\(list.errors)")
        return (node["regions"] ?? node["nodes"]?.elements.first?["regions"])?.elements.compactMap(\.text) ?? []
    }

    @Test("leaves a region of its own and takes it back, in the directory too")
    func regions() async throws {
        let site = try await GatewaySite()
        let (gateway, _) = try await serve(site, ["RESIDENCY_RELOAD_INTERVAL": "0s"])
        #expect(try await regions(site) == ["EU", "US"])
        let whole = try String(contentsOfFile: site.config, encoding: .utf8)
        let us = try #require(whole.firstMatch(of: /, US: \["http:\/\/127.0.0.1:\d+"\]/)?.output)
        try rewrite(site, String(us), "")
        try rewrite(site, "{ id: demo-1 }", "{ id: demo-1, regions: [EU] }")
        gateway.hangUp()
        #expect(await gateway.line() == #"{"event":"reloaded"}"#)
        while try await regions(site) != ["EU"] {}
        try Data(whole.utf8).write(to: URL(fileURLWithPath: site.config), options: .atomic)
        gateway.hangUp()
        #expect(await gateway.line() == #"{"event":"reloaded"}"#)
        #expect(try await regions(site) == ["EU", "US"])
        gateway.terminate()
        #expect(await gateway.ending().status == 0)
    }

    @Test("takes a file whose content has changed, without being told")
    func watched() async throws {
        let site = try await GatewaySite()
        let (gateway, _) = try await serve(site, ["RESIDENCY_RELOAD_INTERVAL": "50ms"])
        try rewrite(site, "defaultRegion: EU", "defaultRegion: US")
        #expect(await gateway.line() == #"{"event":"reloaded"}"#)
        gateway.terminate()
        #expect(await gateway.ending().status == 0)
    }

    @Test("says that it is not ready before it stops accepting, so that no call fails")
    func drained() async throws {
        let site = try await GatewaySite()
        let (gateway, admin) = try await serve(site, ["RESIDENCY_DRAIN_DELAY": "8s"])
        let (simulator, host) = try await install(site)
        let load = Load()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await load.run(simulator, host, at: site.settings.plainURL) }
            defer { load.end() }
            await load.goesOn()
            gateway.terminate()
            // As a load balancer does: it goes on until the probe says no.
            while try await status("http://\(admin)/readyz") != 503 {}
            load.end()
            try await tasks.waitForAll()
        }
        let ending = await gateway.ending()
        #expect(ending.status == 0, "\(ending.errors)")
        #expect(load.failures.withLock { $0 } == [])
    }

    @Test("ends at once when it is told a second time")
    func twice() async throws {
        let site = try await GatewaySite()
        let (gateway, admin) = try await serve(site, ["RESIDENCY_DRAIN_DELAY": "10m"])
        gateway.terminate()
        while try await status("http://\(admin)/readyz") != 503 {}
        gateway.terminate()
        #expect(await gateway.ending().status == 1)
    }
}
