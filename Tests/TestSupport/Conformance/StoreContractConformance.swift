package import RealmMigration
package import TenantDirectory
import Testing

/// What every app that answers the contract (`config/store-contract.yaml`) must do, asked through the mover as a
/// migration asks. Each case has two empty stores of its own.
package struct StoreContractConformance: Sendable {
    /// One region of the app.
    package struct Side: Sendable {
        package let region: Region
        package let source: any SourceStore
        package let target: any TargetStore
        /// Writes one row for the tenant, as the app does by itself, past the gateway.
        /// - Returns: whether the app took it; `false` where it refuses the tenant's writes.
        package let write: @Sendable (_ tenant: String, _ text: String) async throws -> Bool
        /// The texts that are there, the oldest first.
        package let texts: @Sendable (_ tenant: String) async throws -> [String]

        package init(
            region: Region, source: any SourceStore, target: any TargetStore,
            write: @escaping @Sendable (_ tenant: String, _ text: String) async throws -> Bool,
            texts: @escaping @Sendable (_ tenant: String) async throws -> [String]
        ) {
            self.region = region
            self.source = source
            self.target = target
            self.write = write
            self.texts = texts
        }
    }

    /// One promise of an app, told as a sentence.
    package struct Case: Sendable, CustomTestStringConvertible {
        package let name: String
        package let run: @Sendable (StoreContractConformance) async throws -> Void

        package var testDescription: String { name }

        init(_ name: String, _ run: @escaping @Sendable (StoreContractConformance) async throws -> Void) {
            self.name = name
            self.run = run
        }
    }

    let from: Side
    let to: Side
    let tenant: TenantID
    let name = "client-key-of-one"
    static let key = Array("a key of sixteen".utf8)

    package init(from: Side, to: Side, tenant: TenantID = TenantID.random()) {
        self.from = from
        self.to = to
        self.tenant = tenant
    }

    package static let cases: [Case] = moveCases + authorityCases + importCases + decisionCases

    // MARK: What the cases are told with

    func ticket(generation: Int64 = 1, attempt: Int64 = 1, migration: String = "m1") -> MoveTicket {
        MoveTicket(
            migration: migration, tenant: tenant, names: TenantNames(clientKey: name), source: from.region,
            target: to.region, directory: "directory-1", generation: generation, attempt: attempt)
    }

    /// Writes so many rows at the source.
    func seed(_ count: Int, _ what: String = "row") async throws {
        for index in 0..<count { #expect(try await from.write(name, "\(what) \(index)")) }
    }

    /// Claims and prepares both sides.
    func begin(_ ticket: MoveTicket, _ mode: MoveMode) async throws {
        _ = try await from.source.claim(ticket)
        _ = try await to.target.claim(ticket)
        try await to.target.prepare(ticket, mode: mode)
        try await from.source.prepare(ticket, mode: mode)
    }

    /// Copies every lane from where it is to its end.
    func copy(_ ticket: MoveTicket) async throws {
        let cursors = try await to.target.cursors(ticket)
        for lane in try await from.source.lanes(ticket) {
            var cursor = cursors[lane.name] ?? ""
            var isLast = false
            while !isLast {
                let batch = try await from.source.copyBatch(ticket, lane: lane.name, after: cursor)
                cursor = try await to.target.apply(ticket, batch)
                isLast = batch.isLast
            }
        }
    }

    /// Applies all changes up to a marker; without one, some of those there are: writers may be quicker.
    func follow(_ ticket: MoveTicket, marker: String? = nil) async throws {
        var cursor = try await to.target.cursors(ticket)[StoreBatch.changesLane] ?? ""
        var rest = marker == nil ? 5 : Int.max
        while rest > 0, let batch = try await from.source.changes(ticket, after: cursor, marker: marker, wait: .zero) {
            cursor = try await to.target.apply(ticket, batch)
            try await from.source.confirm(ticket, cursor: cursor)
            rest -= 1
            if batch.isLast { return }
        }
    }

    /// Compares what has changed since the last time.
    func differences(_ ticket: MoveTicket) async throws -> [StoreDifference] {
        try await differences(ticket, in: try await from.source.changedKeys(ticket))
    }

    func differences(
        _ ticket: MoveTicket, in requests: [StoreDigest.Request]
    ) async throws -> [StoreDifference] {
        let here = try await from.source.digests(ticket, of: requests, key: Self.key)
        let there = try await to.target.digests(ticket, of: requests, key: Self.key)
        var found: [StoreDifference] = []
        for (request, (left, right)) in zip(requests, zip(here, there)) {
            for (part, sums) in zip(left.sums, right.sums).enumerated() where sums.0 != sums.1 {
                let wanted = try await from.source.rowHashes(ticket, of: request, part: part, key: Self.key)
                let got = try await to.target.rowHashes(ticket, of: request, part: part, key: Self.key)
                for key in Set(wanted.keys).union(got.keys) where wanted[key] != got[key] {
                    let kind: StoreDifference.Kind =
                        wanted[key] == nil ? .extra : got[key] == nil ? .missing : .changed
                    found.append(StoreDifference(table: request.table, key: key, kind: kind))
                }
            }
        }
        return found
    }

    /// The pause of a move that has been followed.
    func switchOver(_ ticket: MoveTicket, epoch: Int64) async throws {
        try await from.source.raiseFence(ticket, epoch: epoch, within: .seconds(5))
        let marker = try await from.source.mark(ticket)
        if !marker.isEmpty { try await follow(ticket, marker: marker) }
        #expect(try await differences(ticket).isEmpty)
        let token = try await to.target.seal(ticket, epoch: epoch)
        #expect(
            try await from.source.decide(ticket, epoch: epoch, .moved(token: token)) == .moved(token: token))
        try await to.target.open(ticket, epoch: epoch, token: token)
    }

    func code(_ act: () async throws -> Void) async -> MigrationError.Code? {
        do {
            try await act()
            return nil
        } catch {
            return (error as? MigrationError)?.code
        }
    }
}
