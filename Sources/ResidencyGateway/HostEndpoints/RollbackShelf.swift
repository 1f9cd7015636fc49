import Foundation
import Glibc
import Logging
import ServiceLifecycle
import Synchronization
import TenantDirectory

/// Rollbacks that the host was promised while the directory was away: on this node's disk before they are answered, and
/// in the journal as soon as that can be reached.
final class RollbackShelf: Service {
    struct Entry: Sendable, Codable, Equatable {
        var tenant: TenantID
        /// The host's name of the migration; `nil` where it gave none.
        var name: String?
    }

    /// Entries, at most; past it a rollback is refused, and the host asks again.
    private static let limit = 1_000
    private static let retryEvery = Duration.seconds(1)

    private let path: String
    private let logger: Logger
    private let entries: Mutex<[Entry]>
    private let rollBack = Mutex<(@Sendable (Entry) async -> Bool)?>(nil)

    /// - Parameter path: the file; made where it is needed, and gone when it is empty.
    /// - Throws: for a file that cannot be read: what it promises is not forgotten in silence.
    init(path: String, logger: Logger) throws {
        self.path = path
        self.logger = logger
        guard FileManager.default.fileExists(atPath: path) else {
            entries = Mutex([])
            return
        }
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        entries = Mutex(try JSONDecoder().decode([Entry].self, from: data))
    }

    /// How an entry gets into the journal; answers whether it is there.
    func whenPossible(_ rollBack: @escaping @Sendable (Entry) async -> Bool) {
        self.rollBack.withLock { $0 = rollBack }
    }

    /// Whether a rollback of this migration waits here.
    func holds(_ tenant: TenantID, _ name: String?) -> Bool {
        entries.withLock { entries in
            entries.contains { $0.tenant == tenant && ($0.name == nil || name == nil || $0.name == name) }
        }
    }

    /// - Returns: whether it is on disk.
    func put(_ entry: Entry) -> Bool {
        entries.withLock { entries in
            if entries.contains(entry) { return true }
            guard entries.count < Self.limit, write(entries + [entry]) else { return false }
            entries.append(entry)
            return true
        }
    }

    private func take(_ entry: Entry) {
        entries.withLock { entries in
            let rest = entries.filter { $0 != entry }
            // One that stays in the file is asked for again, which changes nothing.
            if write(rest) { entries = rest }
        }
    }

    private func write(_ entries: [Entry]) -> Bool {
        let url = URL(fileURLWithPath: path)
        do {
            guard !entries.isEmpty else {
                if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(at: url) }
                return true
            }
            let beside = URL(fileURLWithPath: path + ".new")
            try JSONEncoder().encode(entries).write(to: beside)
            let handle = try FileHandle(forUpdating: beside)
            defer { try? handle.close() }
            try handle.synchronize()
            guard rename(beside.path, path) == 0 else { throw CocoaError(.fileWriteUnknown) }
            return true
        } catch {
            logger.error("rollbacks cannot be put aside", metadata: ["file": "\(path)", "error": "\(error)"])
            return false
        }
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                for entry in self.entries.withLock({ $0 }) {
                    guard let rollBack = self.rollBack.withLock({ $0 }), await rollBack(entry) else { break }
                    self.take(entry)
                }
                try? await Task.sleep(for: Self.retryEvery)
            }
        }
    }
}
