import ArgumentParser
import Foundation
import RealmMigration
import TenantDirectory

struct MigrateReceiptCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "receipt", abstract: "Prints a migration's receipt, or checks one.",
        discussion: """
            The receipt is one line of JSON with its signature: an HMAC-SHA256 by a key that is derived from the one of
            the directory's keys that the signature names.

            EXAMPLES
              residency-gateway migrate receipt TENANT > receipt.json
              residency-gateway migrate receipt --check receipt.json
            """)

    @OptionGroup var options: ConfigurationOptions

    @Argument(help: "A migration's id, or a tenant whose newest it is.")
    var migration: String?

    @Option(help: "A file with a receipt, to be checked.", completion: .file())
    var check: String?

    func validate() throws {
        guard (migration == nil) != (check == nil) else { throw ValidationError("Name a migration, or give --check.") }
    }

    func run() async throws {
        let session = try await MigrationSession.open(options)
        defer { session.close() }
        if let check { return try verify(check, session) }
        let record = try await session.migration(migration ?? "")
        guard !record.receipt.isEmpty else {
            Console.complain("Migration \(record.id) is \(record.phase.rawValue): it has no receipt yet.")
            throw ExitCode(1)
        }
        Console.write(record.receipt)
    }

    private func verify(_ file: String, _ session: MigrationSession) throws {
        guard let data = FileManager.default.contents(atPath: file),
            let receipt = SignedReceipt(String(decoding: data, as: UTF8.self))
        else {
            Console.complain("\(file) is no receipt.")
            throw ExitCode(1)
        }
        guard session.desk.isGenuine(receipt) else {
            Console.complain("\(file) was not signed with a key of this directory, or was changed since.")
            throw ExitCode(1)
        }
        Console.write("\(file) was written by a gateway of this directory.")
    }
}
