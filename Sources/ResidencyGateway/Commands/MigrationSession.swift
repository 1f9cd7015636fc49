import ArgumentParser
import Foundation
import RealmMigration
import TenantDirectory

/// The directory as the commands of `migrate` use it.
struct MigrationSession: Sendable {
    let store: any DirectoryDatabase
    let desk: MigrationDesk

    /// - Throws: ``Complaints``, ``DirectoryError``.
    static func open(_ options: ConfigurationOptions) async throws -> MigrationSession {
        let configuration = try options.load()
        let declaration = try await DeclarationFile.load(for: configuration)
        let regions = Set(declaration.regionBaseURLs.keys).union([configuration.defaultRegion].compactMap { $0 })
        let store = try await ConfiguredStore.openExisting(configuration)
        return MigrationSession(
            store: store,
            desk: MigrationDesk(store, regions: regions, atOnce: configuration.migration.atOnce))
    }

    func close() { store.close() }

    /// By the directory's id, or a name that the host uses.
    func tenant(_ text: String) async throws -> Tenant {
        guard let found = try await TenantSearch(store).find(text, app: nil) else {
            Console.complain("There is no tenant \"\(text)\"; `residency-gateway tenants list` shows those there are.")
            throw ExitCode(1)
        }
        return found
    }

    /// A migration's id, or a tenant whose newest it is.
    func migration(_ text: String) async throws -> MigrationRecord {
        if let record = try await desk.migration(text) { return record }
        guard let newest = try await desk.newest(try await tenant(text).id) else {
            Console.complain("The tenant has no migration; `residency-gateway migrate start` begins one.")
            throw ExitCode(1)
        }
        return newest
    }

    /// Waits until a migration is over or has been switched, showing how far it is.
    func watch(_ id: String, until isEnough: (MigrationRecord) -> Bool, json: Bool) async throws -> MigrationRecord {
        var shown: MigrationRecord?
        while true {
            guard let record = try await desk.migration(id) else {
                throw DirectoryError(.conflict, "Migration \(id) is gone.")
            }
            if json {
                if shown?.phase != record.phase { Console.write(MigrationReport.json(record)) }
            } else {
                if shown?.phase != record.phase { MigrationReport.endProgress() }
                if shown?.phase != record.phase || shown?.reason != record.reason {
                    Console.write(MigrationReport.line(record))
                }
                MigrationReport.showProgress(record)
            }
            shown = record
            if record.phase.isOver || isEnough(record) {
                MigrationReport.endProgress()
                return record
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }
}
