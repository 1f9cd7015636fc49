import Foundation
import RealmMigration
import TestSupport
import Testing

@testable import ResidencyGateway

@Suite("Commands, as processes of their own")
struct CommandTests {
    /// The output's lines as JSON.
    private func objects(_ ending: ChildProcess.Ending) throws -> [JSONValue] {
        try ending.output.split(separator: "\n").map { try #require(JSONValue(Array($0.utf8)), "\($0)") }
    }

    @Test(
        "end with the usage code for arguments that make no sense, and say what would",
        arguments: [
            ["nonsense"], ["tenants", "list", "--state", "nonsense"], ["tenants", "list", "--region", "eu"],
            ["tenants", "import"], ["tenants", "list", "--limit", "-1"], ["host", "page", "--flaw", "none"],
            ["host", "page", "--parameter", "novalue"], ["demo", "--port", "70000"], ["serve", "--nonsense"],
        ])
    func usage(arguments: [String]) async throws {
        let ending = try await ChildProcess.run(arguments)
        #expect(ending.status == 64)
        #expect(ending.errors.contains("--help"))
    }

    @Test(
        "all have a help page with an example",
        arguments: [
            ["serve"], ["check"], ["demo"], ["sample-app"], ["host"], ["host", "serve-keys"], ["host", "install"],
            ["host", "page"], ["host", "webhook"], ["host", "context-call"], ["host", "forge"], ["host", "migrate"],
            ["tenants"],
            ["tenants", "list"], ["tenants", "show"], ["tenants", "import"], ["tenants", "export"], ["secrets"],
            ["secrets", "status"], ["secrets", "rotate"],
        ])
    func help(command: [String]) async throws {
        let ending = try await ChildProcess.run(command + ["--help"])
        #expect(ending.status == 0)
        #expect(ending.output.contains("EXAMPLE"))
        #expect(ending.output.contains("residency-gateway \(command.joined(separator: " "))"))
    }

    @Test("end with the configuration code and all complaints, before anything is made")
    func wrongConfiguration() async throws {
        let folder = try ScratchFolder()
        let config = folder.file("gateway.yaml")
        try Data("lisen: { port: 1 }\nadmin: { port: many }\n".utf8).write(to: URL(fileURLWithPath: config))
        for command in [["serve"], ["tenants", "list"], ["tenants", "import", "x"]] {
            let ending = try await ChildProcess.run(command + ["--config", config])
            #expect(ending.status == 78)
            #expect(ending.errors.contains("\(config):1:"))
            #expect(ending.errors.contains("\(config):2:"))
            #expect(ending.output.isEmpty)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["gateway.yaml"])
    }

    @Test("bring in tenants of a region that a peer owns, and none of a region that is nobody's")
    func importOfOtherRegions() async throws {
        let folder = try ScratchFolder()
        let descriptor = #"""
            {"key": "com.example.app", "name": "Example", "baseUrl": "http://127.0.0.1:8080", "apiVersion": 1,
             "authentication": {"type": "jwt"}, "lifecycle": {"installed": "/installed"},
             "regionBaseUrls": {"EU": "http://eu.localhost:8080", "US": "http://us.localhost:8080"}}
            """#
        let config = """
            node: { id: eu-1, regions: [EU] }
            app: { declaration: app.json, instances: { EU: ["http://127.0.0.1:3001"] } }
            peers: { listen: { host: 127.0.0.1, port: 0 }, US: ["http://127.0.0.1:8443"] }
            directory: { store: sqlite, path: residency.sqlite }
            secrets: { keyFile: residency.key }
            defaultRegion: EU
            """
        let files = ["app.json": descriptor, "gateway.yaml": config]
        for (name, text) in files { try Data(text.utf8).write(to: URL(fileURLWithPath: folder.file(name))) }
        for (region, status) in [("US", Int32(0)), ("DE", 1)] {
            let line =
                #"{"clientKey": "\#(region)-key", "sharedSecret": "0123456789abcdef0123456789abcdef", "#
                + #""baseUrl": "https://one.atlassian.net", "region": "\#(region)"}"#
            let file = folder.file("\(region).ndjson")
            try Data(line.utf8).write(to: URL(fileURLWithPath: file))
            let ending = try await ChildProcess.run(
                ["tenants", "import", file, "--config", folder.file("gateway.yaml")], in: folder.path)
            #expect(ending.status == status, "\(ending.errors)")
            #expect(status == 0 || ending.errors.contains("EU, US"))
        }
    }

    @Test("refuse a directory that is not theirs, and one whose key is another, with the configuration code")
    func foreignDirectory() async throws {
        let site = try await GatewaySite()
        let store = site.settings.file("residency.sqlite")
        try Data("not a database, and long enough to be read as one would be read".utf8)
            .write(to: URL(fileURLWithPath: store))
        let key = site.settings.file("residency.key")
        try Data(Data((0..<32).map { UInt8($0) }).base64EncodedString().utf8).write(to: URL(fileURLWithPath: key))
        let foreign = try await site.command(["serve"])
        #expect(foreign.status == 78)
        #expect(foreign.errors.contains(store))
        try FileManager.default.removeItem(atPath: store)
        let gateway = try await site.serve()
        gateway.terminate()
        #expect(await gateway.ending().status == 0)
        try Data(Data((1..<33).map { UInt8($0) }).base64EncodedString().utf8).write(to: URL(fileURLWithPath: key))
        #expect(try await site.command(["serve"]).status == 78)
    }

    @Test("say that an address is in use")
    func addressInUse() async throws {
        let site = try await GatewaySite()
        let gateway = try await site.serve()
        let second = try await site.command(["serve"])
        #expect(second.status == 1)
        #expect(second.errors.contains("127.0.0.1:\(site.settings.port)"), "\(second.errors)")
        gateway.terminate()
        #expect(await gateway.ending().status == 0)
    }

    @Test("import tenants beside a running gateway, which serves them; list, show and export them")
    func tenants() async throws {
        let site = try await GatewaySite()
        let gateway = try await site.serve()
        let sites = (0..<3).map { HostSite.random(named: "imported\($0)") }
        let lines = sites.enumerated().map { index, site in
            JSONValue.object([
                "clientKey": .text(site.clientKey), "sharedSecret": .text(site.sharedSecret),
                "region": index == 0 ? "EU" : "US", "baseUrl": .text(site.baseUrl), "productType": "jira",
            ])
        }
        let file = site.settings.file("tenants.ndjson")
        let text = lines.map { String(decoding: $0.bytes, as: UTF8.self) + "\n" }.joined()
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        for added in [3, 0] {
            let ending = try await site.command(["tenants", "import", file, "--json"])
            #expect(ending.status == 0, "\(ending.errors)")
            #expect(try objects(ending).first?["added"] == .number(added))
        }
        let state = try HostState.load(site.hostState)
        let simulator = HostSimulator(
            installKeys: state.installKeys, forgeKeys: state.forgeKeys, appKey: SampleApp.key)
        let regions = try await withOutboundClient(HostCaller.outbound) { client in
            var regions: [String?] = []
            for known in sites {
                let page = simulator.page(site: known, path: "/panel", baseURL: site.settings.regionURL("EU"))
                regions.append(try await HostCaller(client: client).send(page).region)
            }
            return regions
        }
        #expect(regions == ["EU", "US", "US"])
        try await checkListing(site, sites)
        gateway.terminate()
        #expect(await gateway.ending().status == 0)
    }

    private func checkListing(_ site: GatewaySite, _ sites: [HostSite]) async throws {
        let inUS = try objects(try await site.command(["tenants", "list", "--region", "US", "--json"]))
        #expect(Set(inUS.map { $0["baseUrl"]?.text }) == [sites[1].baseUrl, sites[2].baseUrl])
        // Their host has called the EU's URL, and their data is in the US.
        let displaced = try objects(try await site.command(["tenants", "list", "--displaced", "--json"]))
        #expect(displaced.count == 2)
        let shown = try await site.command(["tenants", "show", sites[1].clientKey, "--json"])
        let tenant = try #require(JSONValue(Array(shown.output.utf8)))
        #expect(tenant["region"] == "US")
        #expect(tenant["hostRealm"] == "EU")
        #expect(tenant["audit"]?.elements.first?["actor"] == "tenants import")
        #expect(!shown.output.contains(sites[1].sharedSecret))
        #expect(try await site.command(["tenants", "show", "nobody"]).status == 1)
        let plain = try await site.command(["tenants", "export"])
        #expect(try objects(plain).count == 3)
        #expect(!plain.output.contains(sites[0].sharedSecret))
        let secret = site.settings.file("export.ndjson")
        let ending = try await site.command(["tenants", "export", "--secrets", "--output", secret])
        #expect(ending.status == 0)
        let mode = try FileManager.default.attributesOfItem(atPath: secret)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(try String(contentsOfFile: secret, encoding: .utf8).contains(sites[0].sharedSecret))
        // What was exported says nothing new.
        let again = try await site.command(["tenants", "import", secret, "--json"])
        #expect(try objects(again).first?["skipped"] == 3)
    }

    @Test("take nothing of a file with a bad line, and name it")
    func badImport() async throws {
        let site = try await GatewaySite()
        let file = site.settings.file("bad.ndjson")
        let good = #"{"clientKey":"a","sharedSecret":"s","region":"EU"}"#
        try Data("\(good)\n{\"clientKey\":\"b\"}\n".utf8).write(to: URL(fileURLWithPath: file))
        let ending = try await site.command(["tenants", "import", file])
        #expect(ending.status == 1)
        #expect(ending.errors.contains("line 2"))
        #expect(!ending.errors.contains("line 1"))
        let list = try await site.command(["tenants", "list", "--json"])
        #expect(list.output.isEmpty)
    }

    @Test("show all of it in a demo that ends with 0 and leaves nothing behind")
    func demo() async throws {
        let folder = try ScratchFolder()
        let ending = try await ChildProcess.run(["demo", "--port", "0"], environment: ["TMPDIR": folder.path])
        #expect(ending.status == 0, "\(ending.output)")
        #expect(ending.output.contains("checks went as they must"))
        // Plain text where there is no terminal.
        #expect(!ending.output.contains("\u{1B}"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }
}
