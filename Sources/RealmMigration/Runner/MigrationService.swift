import Logging
import ServiceLifecycle
import Synchronization
package import TenantDirectory

/// The node's part in migrations: looks into the journal for those that leave one of its regions, takes whose lease is
/// free or over, and works on several of them at a time.
package final class MigrationService: Service {
    /// Migrations a node looks at; those beyond wait until some are over.
    private static let listed = 500
    /// Migrations that a node works on at a time, whatever their regions.
    private static let atOnce = 16

    private let parts: MigrationParts
    /// Regions whose stores this node reaches itself.
    private let regions: @Sendable () -> Set<Region>
    private let running = Mutex<Set<String>>([])
    /// Switched migrations whose activating rows have left the old place, as far as this process knows.
    private let retired = Mutex<Set<String>>([])
    /// Migrations of which a store has forgotten what was decided.
    private let forgotten = Mutex<Set<String>>([])

    package init(_ parts: MigrationParts, regions: @escaping @Sendable () -> Set<Region>) {
        self.parts = parts
        self.regions = regions
    }

    package func run() async {
        await cancelWhenGracefulShutdown { await self.look() }
    }

    private func look() async {
        var watch = LeaseWatch(timeout: parts.settings.leaseTimeout)
        await withDiscardingTaskGroup { group in
            group.addTask { await self.watchDecisions() }
            while !Task.isCancelled {
                do throws(DirectoryError) {
                    for record in try await takeable(&watch) where begin(record.id) {
                        group.addTask {
                            await MigrationRunner(record, self.parts).run()
                            self.end(record.id)
                        }
                    }
                } catch {
                    parts.logger.debug("The journal of migrations cannot be read.", metadata: ["error": "\(error)"])
                }
                try? await Task.sleep(for: parts.settings.pollInterval)
            }
        }
    }

    /// Rows that make the app act leave the old place when no request of before the switch can need them (H41).
    private func retire() async {
        let patience = parts.coordinators.settings(isFenced: true).maxRequestTime.inMilliseconds
        guard let records = try? await parts.journal.migrations(MigrationFilter(activeOnly: true, limit: Self.listed))
        else { return }
        let (own, done) = (regions(), retired.withLock { $0 })
        retired.withLock { $0.formIntersection(records.map(\.id)) }
        for record in records where record.phase == .committed && own.contains(record.from) && !done.contains(record.id)
        {
            guard let switched = record.decodedProgress.reached[MigrationPhase.committed.rawValue],
                switched + patience <= parts.now()
            else { continue }
            do {
                try await MigrationRunner(record, parts).retire()
                retired.withLock { _ = $0.insert(record.id) }
            } catch {
                parts.logger.debug(
                    "What makes the app act for a tenant is still at the old place.",
                    metadata: ["migration": "\(record.id)", "error": "\(error)"])
            }
        }
    }

    /// Looks once a minute, and whenever a store is reached again, whether the sources of what was switched still know
    /// it (H32).
    private func watchDecisions() async {
        var next = ContinuousClock.now
        while !Task.isCancelled {
            if next <= .now, await lookForForgotten() { next = .now + parts.settings.recallInterval }
            await retire()
            try? await Task.sleep(for: parts.settings.pollInterval * 4)
        }
    }

    private func lookForForgotten() async -> Bool {
        guard let records = try? await parts.journal.migrations(MigrationFilter(activeOnly: true, limit: Self.listed))
        else { return false }
        let own = regions()
        var hasAskedAll = true
        for record in records where record.phase == .committed && own.contains(record.from) && !isDue(record) {
            do {
                guard try await MigrationRunner(record, parts).hasForgotten() else { continue }
                forgotten.withLock { _ = $0.insert(record.id) }
            } catch { hasAskedAll = false }
        }
        return hasAskedAll
    }

    private func begin(_ id: String) -> Bool { running.withLock { $0.insert(id).inserted } }
    private func end(_ id: String) {
        running.withLock { _ = $0.remove(id) }
        forgotten.withLock { _ = $0.remove(id) }
    }

    /// Takes what there is to do and nobody does.
    private func takeable(_ watch: inout LeaseWatch) async throws(DirectoryError) -> [MigrationRecord] {
        let records = try await parts.journal.migrations(MigrationFilter(activeOnly: true, limit: Self.listed))
        let (own, busy) = (regions(), running.withLock { $0 })
        let mine = records.filter { own.contains(Self.region(of: $0)) && !busy.contains($0.id) && isDue($0) }
        guard !mine.isEmpty else { return [] }
        let alive = Set(try await parts.journal.nodes().map(\.identity))
        let free = watch.free(mine, alive: alive, now: .now)
        var taken: [MigrationRecord] = []
        // The oldest first: the list begins with the newest.
        for record in free.reversed() where busy.count + taken.count < Self.atOnce {
            let found = try await parts.journal.takeMigration(
                record.id, by: parts.node, seen: record.lease, above: 0, atOnce: parts.settings.atOnce)
            if let found { taken.append(found) }
        }
        return taken
    }

    /// Who leads: a node of the region that the data leaves. What is left at the old place is its own region's.
    private static func region(of record: MigrationRecord) -> Region {
        record.phase == .returning ? record.source : record.from
    }

    /// After the switch there is nothing to do until the purge, or until somebody wants something.
    private func isDue(_ record: MigrationRecord) -> Bool {
        if record.phase == .scheduled { return record.startAt <= parts.now() || !record.wishes.isEmpty }
        guard record.phase == .committed, let purgeAt = record.purgeAt else { return true }
        return purgeAt <= parts.now() || forgotten.withLock({ $0.contains(record.id) })
            || record.wishes.contains(.purge)
            || record.wishes.contains(.return) && !record.isReturn
    }
}
