import Foundation
package import TenantDirectory

/// What a migration has done, for whoever has to show it: where the tenant was and is, what was moved and compared,
/// which walls stood, and when.
package struct MigrationReceipt: Sendable, Codable, Equatable {
    package var migration: String
    package var tenant: TenantID
    package var kind: MigrationRecord.Kind
    package var source: Region
    package var target: Region
    /// It was brought back.
    package var isReturn: Bool
    package var phase: MigrationPhase
    package var reason: String
    package var mode: MoveMode?
    package var attempt: Int64
    /// The hold's; the placement after it has the next one.
    package var epoch: Int64?
    /// Milliseconds between the closing of the gate and the switch, as the coordinator saw them.
    package var pause: Int64?
    /// Of a move that was not live: milliseconds for which the tenant was read and not written.
    package var writesStopped: Int64?
    /// Every owner node of the source has acknowledged the hold, but for these.
    package var passedOver: [String]
    package var stores: [MigrationProgress.Store]
    /// When each phase was first reached, as ISO 8601.
    package var reached: [String: String]
    /// The node that wrote it.
    package var node: String

    init(_ record: MigrationRecord, progress: MigrationProgress, node: String) {
        migration = record.id
        tenant = record.tenant
        kind = record.kind
        (source, target, isReturn) = (record.from, record.to, record.isReturn)
        (phase, reason, attempt) = (record.phase, record.reason, record.attempt)
        mode = progress.memo.mode
        (epoch, pause, passedOver) = (progress.epoch, progress.pause, progress.passedOver)
        writesStopped = progress.writesStopped
        stores = progress.stores
        reached = progress.reached.mapValues {
            Date(timeIntervalSince1970: Double($0) / 1_000)
                .formatted(.iso8601.year().month().day().time(includingFractionalSeconds: true))
        }
        self.node = node
    }
}

/// A receipt with its signature: JSON in the form that was signed, with sorted keys and without white space, and an
/// HMAC-SHA256 of it by a key that is derived from one of the directory's. Whoever has the keys can tell that the
/// receipt was written by a gateway of this directory and not changed since; nobody else can make one.
package struct SignedReceipt: Sendable, Codable, Equatable {
    package var receipt: MigrationReceipt
    /// `hmac-sha256 KEY-ID HEX`
    package var signature: String

    init(_ receipt: MigrationReceipt, sign: (String) -> String) {
        self.receipt = receipt
        signature = sign(MigrationLedger.text(receipt))
    }

    /// - Returns: `nil` for what is none.
    package init?(_ text: String) {
        guard let decoded = try? JSONDecoder().decode(SignedReceipt.self, from: Data(text.utf8)) else { return nil }
        self = decoded
    }

    package var text: String { MigrationLedger.text(self) }
    /// What was signed.
    package var signedText: String { MigrationLedger.text(receipt) }
}
