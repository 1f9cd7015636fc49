import ArgumentParser
import Foundation
import RealmMigration
import RegionRouter
import TenantDirectory

struct TenantsImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Adds tenants from a file: one JSON object a line, or a framework's own table.",
        discussion: """
            The whole file is checked first; if a line is wrong, it is named and nothing is taken. Repeating an import
            adds what is missing and changes nothing else: never a region, never a secret that is there.

            EXAMPLES
              residency-gateway tenants import tenants.ndjson
              residency-gateway tenants import AddonSettings.csv --region EU
              psql -c "COPY atlassian_host TO STDOUT CSV HEADER" | residency-gateway tenants import - --region US
            """)

    @OptionGroup var options: ConfigurationOptions

    @Argument(help: "The file; - for standard input.")
    var file: String

    @Option(help: "Where tenants live whose line does not say so, such as EU.", transform: regionArgument)
    var region: Region?

    @Option(help: "What the lines are: gateway, express or spring; told by their fields without it.")
    var format: ImportFormat?

    @Option(help: "The app key, where it is not the declared app's.")
    var appKey: String?

    @Flag(help: "One JSON object instead of text.")
    var json = false

    func run() async throws {
        let configuration = try options.load()
        let declaration = try await DeclarationFile.load(for: configuration)
        let plan = try makeRouterConfiguration(
            configuration, declaration, cookieKey: try CookieKey.load(configuration))
        let imported = try ImportReader.read(
            try data(),
            options: ImportOptions(
                format: format, appKey: appKey ?? plan.identify.appKey, forgeAppID: plan.identify.forgeAppID,
                region: region, knownRegions: plan.knownRegions))
        let store = try await ConfiguredStore.open(configuration, logger: ConfiguredStore.commandLogger)
        defer { store.close() }
        let bar = ProgressBar(total: imported.tenants.count, what: "tenants")
        bar.show(0)
        defer { bar.end() }
        let start = ContinuousClock.now
        let outcome = try await TenantImporter(store).run(
            imported.tenants, actor: "tenants import", progress: { bar.show($0) })
        bar.end()
        report(imported, outcome, ContinuousClock.now - start)
    }

    private func data() throws -> Data {
        guard file != "-" else { return FileHandle.standardInput.readDataToEndOfFile() }
        guard let data = FileManager.default.contents(atPath: file) else {
            throw DirectoryError(
                .badImport, "\(file) cannot be read; name the file of tenants, or - for standard input.")
        }
        return data
    }

    private func report(_ file: ImportFile, _ outcome: ImportOutcome, _ elapsed: Duration) {
        guard !json else {
            let line: JSONValue = [
                "format": .text(file.format.rawValue), "tenants": .number(file.tenants.count),
                "added": .number(outcome.added), "completed": .number(outcome.completed),
                "skipped": .number(outcome.skipped), "otherRows": .number(file.otherRows),
                "repeatedRows": .number(file.repeatedRows),
                "differing": .array(outcome.differing.map { .text($0.name) }),
                "milliseconds": .number(elapsed.wholeMilliseconds),
            ]
            return Console.write(String(decoding: line.bytes, as: UTF8.self))
        }
        var parts = ["\(outcome.added) added"]
        if outcome.completed > 0 { parts.append("\(outcome.completed) completed") }
        if outcome.skipped > 0 { parts.append("\(outcome.skipped) skipped, because they are there") }
        if file.otherRows > 0 { parts.append("\(file.otherRows) rows are no tenants") }
        if file.repeatedRows > 0 { parts.append("\(file.repeatedRows) rows repeat another") }
        let seconds = String(format: "%.1f s", Double(elapsed.wholeMilliseconds) / 1_000)
        Console.write("\(file.tenants.count) tenants in \(seconds): \(parts.joined(separator: ", "))")
        guard !outcome.differing.isEmpty else { return }
        Console.write("Left as they are, although the file gives another secret or region:")
        for alias in outcome.differing.prefix(20) { Console.write("  \(alias.name)") }
        if outcome.differing.count > 20 {
            Console.write("  and \(outcome.differing.count - 20) more; --json names all")
        }
    }
}

extension ImportFormat: ExpressibleByArgument {}
