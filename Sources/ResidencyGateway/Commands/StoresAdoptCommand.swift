import ArgumentParser
import Foundation
import RealmMigration
import TenantDirectory

struct StoresAdoptCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adopt", abstract: "Gives a copy of another region's database an id of its own.",
        discussion: """
            A database that was restored from another region's backup says that it is that database, and every
            migration between the two is refused. This takes what migrations have left in the copy away and gives it a
            new id; the app's own tables stay as they are. It is refused where the two are one database under two names.

            EXAMPLES
              residency-gateway stores adopt main DE
            """)

    @OptionGroup var options: ConfigurationOptions

    @Argument(help: "The store's name in `stores`.")
    var store: String

    @Argument(help: "The region whose database is the copy.")
    var region: String

    func run() async throws {
        let configuration = try options.load()
        guard let entry = configuration.stores.first(where: { $0.name == store && $0.kind == .postgres }) else {
            Console.complain("There is no PostgreSQL store \"\(store)\" in `stores`.")
            throw ExitCode(1)
        }
        var sides: [Region: PostgresSide] = [:]
        for code in entry.urls.keys {
            sides[code] = try ConfiguredStores.side(entry, code, environment: ProcessInfo.processInfo.environment)
        }
        guard let copy = Region(region), let side = sides.removeValue(forKey: copy) else {
            Console.complain("The store \(store) has no URL for the region \"\(region)\".")
            throw ExitCode(1)
        }
        do throws(MigrationError) {
            let original = try await side.adopt(among: Array(sides.values))
            Console.write("The database of \(copy) was a copy of that of \(original), and is a store of its own now.")
        } catch {
            Console.complain(error.description)
            throw ExitCode(1)
        }
    }
}
