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

    private func begin(_ id: String) -> Bool { running.withLock { $0.insert(id).inserted } }
    private func end(_ id: String) { running.withLock { _ = $0.remove(id) } }

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
        return purgeAt <= parts.now() || record.wishes.contains(.purge)
            || record.wishes.contains(.return) && !record.isReturn
    }
}
