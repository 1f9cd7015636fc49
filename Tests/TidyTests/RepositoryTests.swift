import Testing

@Suite("The taste of the house")
struct RepositoryTests {
    @Test("is kept by every file", arguments: TidyCheck.all)
    func kept(check: TidyCheck) throws {
        let files = try Repository.files()
        #expect(files.contains { $0.isIn("Sources/RegionRouter") } && files.contains { $0.isIn("Tests/TidyTests") })
        for complaint in files.flatMap(check.find) { Issue.record("\(complaint)") }
    }

    @Test("leaves the top level to what everybody looks for there")
    func topLevel() throws {
        let allowed: Set = ["Package.swift", "Package.resolved", "Sources", "Tests", "config", "README.md", "Makefile"]
        let others = try Repository.topLevel().filter { !allowed.contains($0) }
        #expect(others.isEmpty, "these belong into a folder")
    }

    @Test("asks of the README that its links lead somewhere and its commands exist")
    func readme() throws {
        let readme = try Repository.file("README.md")
        let complaints =
            ReadmeCheck.deadLinks(in: readme, exists: Repository.exists)
            + ReadmeCheck.missingTargets(in: readme, makefile: try Repository.file("Makefile"))
        for complaint in complaints { Issue.record("\(complaint)") }
    }

    @Test("asks of the README that it tells of every error and of every field of the log")
    func errorsAndLog() throws {
        let readme = try Repository.file("README.md")
        let errors = try Repository.file("Sources/RegionRouter/Respond/RouterError.swift")
        let log = try Repository.file("Sources/RegionRouter/Observe/AccessLogBuffer.swift")
        let (code, field) = ("case \\w+ = \"([a-z-]+)\"", "\\\\\"([A-Za-z]+)\\\\\":")
        let nothing = SourceFile("empty", "")
        #expect(ReadmeCheck.untold(code, of: errors, in: nothing).count > 30)
        #expect(ReadmeCheck.untold(field, of: log, in: nothing).count > 10)
        for complaint in ReadmeCheck.untold(code, of: errors, in: readme)
            + ReadmeCheck.untold(field, of: log, in: readme)
        {
            Issue.record("\(complaint)")
        }
    }

    @Test("asks of the configuration's reference that it tells of every key")
    func reference() throws {
        let reference = try Repository.file("config/reference.md")
        let tables = try Repository.files().filter { $0.path.contains("/Configuration/ConfigurationKeys") }
        #expect(tables.flatMap { ReferenceCheck.keys(in: $0) }.count > 50)
        for complaint in tables.flatMap({ ReferenceCheck.undocumented(in: $0, reference: reference) }) {
            Issue.record("\(complaint)")
        }
    }
}
