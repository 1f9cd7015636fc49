import Foundation
import RealmMigration
import TestSupport
import Testing

@testable import ResidencyGateway

@Suite("serve, as a process of its own")
struct ServeTests {
    @Test("says where it serves in one line, and ends with 0 when it is told to stop")
    func servesAndStops() async throws {
        let site = try await GatewaySite()
        let gateway = try ChildProcess(["serve", "--config", site.config])
        let line = try #require(await gateway.line())
        #expect(line.hasPrefix(#"{"event":"serving","listen":"127.0.0.1:\#(site.settings.port)","admin":"127.0.0.1:"#))
        gateway.terminate()
        let ending = await gateway.ending()
        #expect(ending.status == 0, "\(ending.errors)")
        #expect(ending.output == line + "\n")
    }

    @Test("plays the whole life of a site with the simulated host's commands")
    func lifeOfASite() async throws {
        let site = try await GatewaySite()
        let gateway = try await site.serve()
        let appID = DemoSettings.forgeAppID
        let steps: [(arguments: [String], status: Int, region: String?)] = [
            (["install", "--site", "alpha", "--region", "US"], 204, "US"),
            (["enable", "--site", "alpha"], 204, "US"),
            (["page", "--site", "alpha", "--parameter", "issueKey=A-1"], 200, "US"),
            (["page", "--site", "alpha", "--region", "EU"], 200, "US"),
            (["webhook", "--site", "alpha"], 204, "US"),
            (["context-call", "--site", "alpha", "--path", "/api/notes"], 200, "US"),
            (["page", "--site", "alpha", "--flaw", "forged"], 401, nil),
            (["page", "--site", "alpha", "--flaw", "expired"], 401, nil),
            (["rotate", "--site", "alpha"], 204, "US"),
            (["page", "--site", "alpha"], 200, "US"),
            (["forge", "--site", "beta", "--app-id", appID, "--path", "/forge", "--region", "EU"], 200, "EU"),
            (["uninstall", "--site", "alpha"], 204, "US"),
            (["page", "--site", "alpha"], 401, nil),
        ]
        for step in steps {
            let ending = try await site.host(step.arguments)
            let answer = try #require(JSONValue(Array(ending.output.utf8)), "\(step.arguments): \(ending.errors)")
            #expect(answer["status"] == .number(step.status), "\(step.arguments): \(ending.output)")
            #expect(answer["region"]?.text == step.region, "\(step.arguments)")
            #expect(ending.status == (step.status < 300 ? 0 : 1))
        }
        gateway.terminate()
        #expect(await gateway.ending().status == 0)
    }

    @Test("keeps every install it has acknowledged, whenever it is killed", arguments: [1, 8, 16])
    func killedAmongInstalls(afterInstalls: Int) async throws {
        let site = try await GatewaySite()
        let state = try HostState.load(site.hostState)
        let simulator = HostSimulator(
            installKeys: state.installKeys, forgeKeys: state.forgeKeys, appKey: SampleApp.key)
        let killed = try await site.serve()
        try await withOutboundClient(HostCaller.outbound) { client in
            let caller = HostCaller(client: client)
            let acknowledged = await Self.install(24, simulator, caller, at: site.settings.regionURL("EU")) { count in
                // The rest is under way at this moment.
                if count == afterInstalls { killed.killAtOnce() }
            }
            #expect(await killed.ending().status == -SIGKILL)
            #expect(acknowledged.count >= afterInstalls)
            let gateway = try await site.serve()
            for known in acknowledged {
                let page = simulator.page(site: known, path: "/panel", baseURL: site.settings.plainURL)
                let answer = try await caller.send(page)
                #expect(answer.status == 200)
                #expect(answer.region == "EU")
            }
            gateway.terminate()
            #expect(await gateway.ending().status == 0)
        }
    }

    /// Installs sites all at once.
    /// - Returns: those whose install was acknowledged.
    private static func install(
        _ count: Int, _ simulator: HostSimulator, _ caller: HostCaller, at url: String,
        acknowledged: (Int) -> Void
    ) async -> [HostSite] {
        await withTaskGroup(of: HostSite?.self) { group in
            for number in 0..<count {
                group.addTask {
                    let site = HostSite.random(named: "site\(number)")
                    let call = simulator.lifecycle("installed", site: site, path: "/installed", baseURL: url)
                    let answer = try? await caller.send(call)
                    return answer?.status == 204 ? site : nil
                }
            }
            var sites: [HostSite] = []
            for await site in group {
                guard let site else { continue }
                sites.append(site)
                acknowledged(sites.count)
            }
            return sites
        }
    }
}
