import Foundation
import TenantDirectory
import Testing

@Suite("Files of tenants")
struct ImportReaderTests {
    let options = ImportOptions(appKey: "app", forgeAppID: "ari:app", region: Region("EU"))

    func read(_ text: String, _ options: ImportOptions? = nil) throws -> ImportFile {
        try ImportReader.read(Data(text.utf8), options: options ?? self.options)
    }

    func refusal(_ text: String, _ options: ImportOptions? = nil) -> String {
        do {
            _ = try read(text, options)
            return "nothing was refused"
        } catch {
            let error = error as? DirectoryError
            #expect(error?.code == .badImport)
            #expect(error?.message.contains("hush") == false, "a secret is repeated")
            return error?.message ?? ""
        }
    }

    // MARK: One object a line

    @Test("Lines of one object each are read, with what they leave out")
    func gateway() throws {
        let file = try read(
            """
            {"clientKey":"a","sharedSecret":"hush","region":"US","baseUrl":"https://a.example","productType":"jira"}

            {"clientKey":"b","sharedSecret":"hush","cloudId":"c","installationId":"i","unknown":[1,{"x":2}]}\r
            {"installationId":"j","region":"DE","state":"uninstalled"}
            """)
        #expect(file.format == .gateway)
        #expect(
            file.tenants == [
                ImportedTenant(
                    aliases: [TenantAlias(.connect, app: "app", name: "a")], secret: Secret("hush"),
                    region: try #require(Region("US")), hostBaseURL: "https://a.example", product: "jira"),
                ImportedTenant(
                    aliases: [
                        TenantAlias(.connect, app: "app", name: "b"), TenantAlias(.forge, app: "ari:app", name: "i"),
                    ], secret: Secret("hush"), region: try #require(Region("EU")), cloudID: "c"),
                ImportedTenant(
                    aliases: [TenantAlias(.forge, app: "ari:app", name: "j")], secret: nil,
                    region: try #require(Region("DE")), isUninstalled: true),
            ])
    }

    @Test(
        "A bad line is named with its field, and nothing is taken",
        arguments: [
            (#"{"clientKey":"a","sharedSecret":""}"#, "`sharedSecret`"),
            (#"{"clientKey":"a"}"#, "`sharedSecret` is missing"),
            (#"{"clientKey":"","sharedSecret":"hush"}"#, "`clientKey` is empty"),
            (#"{"sharedSecret":"hush"}"#, "`clientKey` is missing"),
            (#"{"clientKey":"a","sharedSecret":"hush","region":"eu"}"#, "`region`"),
            (#"{"clientKey":"a","sharedSecret":"hush","region":"GLOBAL"}"#, "`region`"),
            (#"{"clientKey":"a","sharedSecret":"hush","baseUrl":"ftp://x"}"#, "`baseUrl`"),
            (#"{"clientKey":"a","sharedSecret":"hush","state":"pending"}"#, "`state`"),
            (#"{"clientKey":"a","sharedSecret":5}"#, "`sharedSecret`"),
            (#"{"clientKey":{"x":1},"sharedSecret":"hush"}"#, "`clientKey`"),
            (#"{"clientKey":"a\u0000","sharedSecret":"hush"}"#, "control character"),
            (#"{"clientKey":"a","sharedSecret":"hush""#, "not a JSON object"),
            (#"["clientKey","sharedSecret"]"#, "not a JSON object"),
            (#"{"clientKey":"good","sharedSecret":"hush","region":"US"}"#, "something else"),
        ])
    func badLine(line: String, complaint: String) {
        let message = refusal(
            """
            {"clientKey":"good","sharedSecret":"hush","region":"EU"}
            \(line)
            {"clientKey":"alsoGood","sharedSecret":"hush","region":"EU"}
            """)
        #expect(message.contains("line 2: "))
        #expect(message.contains(complaint))
        #expect(!message.contains("line 3"))
    }

    @Test("A row of a region that is not there is refused with those that are")
    func unknownRegion() {
        var options = options
        options.knownRegions = Set(["EU", "US"].compactMap { Region($0) })
        #expect(refusal(#"{"clientKey":"a","sharedSecret":"hush","region":"DE"}"#, options).contains("EU, US"))
    }

    @Test("A row without a region needs one from the caller")
    func noRegion() {
        var options = options
        options.region = nil
        #expect(refusal(#"{"clientKey":"a","sharedSecret":"hush"}"#, options).contains("--region"))
    }

    @Test("The first complaints are told, the rest counted")
    func manyComplaints() {
        let message = refusal(String(repeating: "{\"clientKey\":\"a\"}\n", count: 100))
        #expect(message.contains("line 20:"))
        #expect(!message.contains("line 21:"))
        #expect(message.contains("and 80 more"))
    }

    @Test("Rows that repeat an earlier one are counted")
    func repeated() throws {
        let line = #"{"clientKey":"a","sharedSecret":"hush","region":"EU"}"#
        let file = try read("\(line)\n\(line)\n")
        #expect(file.tenants.count == 1)
        #expect(file.repeatedRows == 1)
    }

    // MARK: The frameworks' tables

    @Test("Rows of AddonSettings are read, with the body as text or as object, and other settings are counted")
    func express() throws {
        let file = try read(
            #"""
            {"clientKey":"a","key":"clientInfo","val":"{\"key\":\"app\",\"clientKey\":\"a\",\#
            \"sharedSecret\":\"hush\",\"baseUrl\":\"https://a.example\",\"productType\":\"jira\"}"}
            {"clientKey":"b","key":"clientInfo","val":{"clientKey":"b","sharedSecret":"hush","installationId":"i"}}
            {"clientKey":"b","key":"bearer:0123","val":{"token":"t","expiresAt":1}}
            {"clientKey":"b","key":"settings","val":[1,2,3]}
            {"clientKey":"b","key":"empty","val":null}
            """#)
        #expect(file.format == .express)
        #expect(file.otherRows == 3)
        #expect(file.tenants.map(\.aliases.first?.name) == ["a", "b"])
        #expect(file.tenants.first?.hostBaseURL == "https://a.example")
        #expect(file.tenants.last?.aliases.last == TenantAlias(.forge, app: "ari:app", name: "i"))
    }

    @Test(
        "A bad row of AddonSettings is named",
        arguments: [
            (#"{"clientKey":"a","key":"clientInfo","val":null}"#, "`val` is empty"),
            (#"{"clientKey":"a","key":"clientInfo","val":"hush {"}"#, "`val`"),
            (#"{"clientKey":"a","key":"clientInfo","val":{"clientKey":"b","sharedSecret":"hush"}}"#, "`val.clientKey`"),
            (#"{"clientKey":"a","key":"clientInfo","val":{"key":"other","sharedSecret":"hush"}}"#, "`val.key`"),
            (#"{"clientKey":"a","key":"clientInfo","val":{"sharedSecret":7}}"#, "`val.sharedSecret`"),
            (#"{"clientKey":"a","key":"clientInfo","val":{}}"#, "`sharedSecret`"),
        ])
    func badExpress(line: String, complaint: String) {
        let message = refusal(line)
        #expect(message.contains("line 1: "))
        #expect(message.contains(complaint), "\(message)")
    }

    @Test("Rows of atlassian_host are read from JSON lines")
    func spring() throws {
        let file = try read(
            """
            {"client_key":"a","shared_secret":"hush","base_url":"https://a.example","product_type":"jira","addon_installed":true}
            {"client_key":"b","shared_secret":null,"addon_installed":"f","cloud_id":"c"}
            {"client_key":"c","shared_secret":"hush","addon_installed":1,"installation_id":"i"}
            """)
        #expect(file.format == .spring)
        #expect(file.tenants.map(\.isUninstalled) == [false, true, false])
        #expect(file.tenants.map(\.aliases.count) == [1, 1, 2])
    }

    @Test("Rows of atlassian_host are read from CSV, with quotes, commas and line ends in them")
    func springCSV() throws {
        let file = try read(
            "client_key,public_key,shared_secret,base_url,product_type,description,addon_installed\r\n"
                + "a,\"--BEGIN\n--END\",\"hu,\"\"sh\",https://a.example,jira,\"A, \"\"site\"\"\",t\r\n"
                + "b,,hush,https://b.example,confluence,,f\r\n")
        #expect(file.format == .spring)
        #expect(file.tenants.map(\.secret) == [Secret("hu,\"sh"), Secret("hush")])
        #expect(file.tenants.map(\.isUninstalled) == [false, true])
        #expect(file.tenants.map(\.product) == ["jira", "confluence"])
    }

    @Test("Rows of AddonSettings are read from CSV")
    func expressCSV() throws {
        let file = try read(
            "id,clientKey,key,val\n1,a,clientInfo,\"{\"\"sharedSecret\"\":\"\"hush\"\"}\"\n2,a,other,5\n")
        #expect(file.format == .express)
        #expect(file.tenants.first?.aliases == [TenantAlias(.connect, app: "app", name: "a")])
        #expect(file.otherRows == 1)
    }

    @Test(
        "A bad CSV file is refused with its line",
        arguments: [
            ("a,b,c\n1,2,3\n", "line 1: "), ("client_key,shared_secret\na\n", "line 2: has 1 fields"),
            ("client_key,shared_secret\na,\"hush\n", "a quote is opened and not closed"),
            ("client_key,shared_secret\na,\"hush\"x\n", "line 2: something follows"),
            ("client_key,shared_secret\na,hu\"sh\n", "line 2: a quote stands"),
            ("client_key,shared_secret,addon_installed\na,hush,maybe\n", "line 2: `addon_installed`"),
            ("client_key,client_key\na,b\n", "line 1: "),
        ])
    func badCSV(text: String, complaint: String) {
        let message = refusal(text)
        #expect(message.contains(complaint), "\(message)")
    }

    @Test("What is no file of tenants is refused", arguments: ["", "\n\n", "[{\"clientKey\":\"a\"}]", "hello", "{}"])
    func noFile(text: String) {
        #expect(refusal(text).contains("line 1: "))
    }

    @Test("A mark of UTF-8 at the start does not matter")
    func byteOrderMark() throws {
        #expect(try read("\u{FEFF}{\"clientKey\":\"a\",\"sharedSecret\":\"s\"}").tenants.count == 1)
    }

    @Test("Garbage is refused or read, and never ends the process")
    func garbage() throws {
        let seeds = [
            #"{"clientKey":"a","sharedSecret":"s","region":"US"}"# + "\n",
            #"{"clientKey":"a","key":"clientInfo","val":"{\"sharedSecret\":\"s\"}"}"# + "\n",
            "client_key,shared_secret,addon_installed\na,\"s\"\"\n\",t\n",
        ]
        var refused = 0
        for seed in seeds {
            for _ in 0..<600 {
                var bytes = Array(seed.utf8)
                for _ in 0..<Int.random(in: 1...4) {
                    let index = Int.random(in: 0..<bytes.count)
                    switch Int.random(in: 0..<3) {
                    case 0: bytes[index] = .random(in: 0...255)
                    case 1: bytes.insert(.random(in: 0...255), at: index)
                    default: bytes.removeSubrange(index..<min(bytes.count, index + .random(in: 1...5)))
                    }
                    if bytes.isEmpty { bytes = [0] }
                }
                do throws(DirectoryError) {
                    let file = try ImportReader.read(Data(bytes), options: options)
                    #expect(file.tenants.allSatisfy { !$0.aliases.isEmpty })
                } catch {
                    #expect(error.code == .badImport)
                    refused += 1
                }
            }
        }
        #expect(refused > 0)
    }

    @Test("Deep nesting is refused")
    func deep() {
        let text = #"{"clientKey":"# + String(repeating: "[", count: 100_000)
        #expect(refusal(text).contains("line 1: "))
    }
}
