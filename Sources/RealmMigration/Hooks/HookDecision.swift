package import TenantDirectory

/// What is done when the host calls a residency hook, by what the journal says of the tenant. Pure: it is asked again
/// with what has become of it.
///
/// 1. Every step can come again, in any order, and is then answered as it was.
/// 2. A commit is answered with success only after the switch.
/// 3. A rollback always succeeds. Before the switch it is a cancel, after it a return, and one that names another
///    migration, or none once the host has heard of the switch, is not this one's (amendment H37).
/// 4. Where the data is in the wanted region already there is no migration: every step succeeds.
package struct HookDecision: Sendable {
    package enum Action: Sendable, Equatable {
        case succeed
        /// The answer to `status`.
        case report(Status)
        case refuse(HookRefusal)
        /// Enter a migration: not begun before the host says so, and over with its window.
        case create(target: Region, name: String, windowEnd: Int64)
        /// Note a wish, then succeed.
        case wish(MigrationWish, id: String)
        /// Note the wish to commit where it has not been noted, and wait for the switch.
        case commit(id: String, isNoted: Bool)
        /// The switch was made: note that the host knows, then succeed.
        case confirm(id: String, isNoted: Bool)
    }

    package enum Status: Sendable, Equatable {
        case notStarted
        case inProgress
        /// Caught up, and able to switch now.
        case readyToCommit
        case failed(HookRefusal)
    }

    /// What the journal and the directory say.
    package struct Ground: Sendable {
        /// Moves of the tenant, the newest first.
        package var migrations: [MigrationRecord]
        package var region: Region
        /// Where the host last called, if it did anywhere.
        package var hostRealm: Region?
        package var regions: Set<Region>
        /// Milliseconds since 1970.
        package var now: Int64

        package init(
            migrations: [MigrationRecord], region: Region, hostRealm: Region?, regions: Set<Region>, now: Int64
        ) {
            self.migrations = migrations.filter { $0.kind == .move }
            self.region = region
            self.hostRealm = hostRealm
            self.regions = regions
            self.now = now
        }
    }

    private let ground: Ground
    /// The host's name of the migration; `nil` where it gave none.
    private let name: String?

    package init(_ ground: Ground, name: String?) {
        self.ground = ground
        self.name = name
    }

    /// The migration that is meant: that of the name; without one the host's newest.
    private var meant: MigrationRecord? {
        ground.migrations.first { record in
            guard case .host(let known, _) = record.trigger else { return false }
            return name == nil || known == name
        }
    }

    /// The data is somewhere else than where the host calls, and so perhaps where it wants it.
    private var isThere: Bool { ground.hostRealm != nil && ground.hostRealm != ground.region }

    // MARK: Steps

    package func schedule(_ window: HookWindow) -> Action {
        guard let target = window.location, ground.regions.contains(target) else { return .refuse(.regionUnsupported) }
        guard window.end > ground.now, window.end > window.start else { return .refuse(.other) }
        let name = name ?? window.name
        let known = ground.migrations.first { record in
            if case .host(name, _) = record.trigger { true } else { false }
        }
        if let known, !known.phase.isOver, known.target == target { return .succeed }
        guard target != ground.region else { return .succeed }
        if let other = ground.migrations.first(where: { !$0.phase.isOver }) {
            // The host has changed its mind before anything began; an administrator's is not its to end.
            guard case .host = other.trigger, other.phase == .scheduled, !other.wishes.contains(.begin) else {
                return .refuse(.tooMany)
            }
            return .wish(.cancel, id: other.id)
        }
        return .create(target: target, name: name, windowEnd: window.end)
    }

    package func start() -> Action {
        guard let record = meant else { return isThere ? .succeed : .refuse(.notScheduled) }
        switch record.phase {
        case .scheduled: return .wish(.begin, id: record.id)
        case .rollingBack, .rolledBack, .returning, .returned: return .refuse(.notScheduled)
        default: return record.isReturn ? .refuse(.notScheduled) : .succeed
        }
    }

    package func status() -> Action {
        guard let record = meant else {
            return .report(isThere ? .readyToCommit : .failed(.notScheduled))
        }
        guard !record.isReturn, !record.wishes.contains(.return) else { return .report(.failed(.other)) }
        switch record.phase {
        case .scheduled: return .report(record.wishes.contains(.begin) ? .inProgress : .notStarted)
        case .preparing, .copying, .catchingUp, .cuttingOver: return .report(.inProgress)
        case .ready: return .report(record.wishes.contains(.cancel) ? .failed(.other) : .readyToCommit)
        case .committed, .purging, .done: return .report(.readyToCommit)
        case .rollingBack, .rolledBack, .returning, .returned: return .report(.failed(.other))
        }
    }

    package func commit() -> Action {
        guard let record = meant else { return isThere ? .succeed : .refuse(.notScheduled) }
        guard !record.isReturn, record.wishes.isDisjoint(with: [.cancel, .return]) else { return .refuse(.other) }
        switch record.phase {
        case .scheduled: return .refuse(.notScheduled)
        case .preparing, .copying, .catchingUp, .ready, .cuttingOver:
            return .commit(id: record.id, isNoted: record.wishes.contains(.commit))
        case .committed: return .confirm(id: record.id, isNoted: record.wishes.contains(.keep))
        case .purging, .done: return .succeed
        case .rollingBack, .rolledBack, .returning, .returned: return .refuse(.other)
        }
    }

    package func rollback() -> Action {
        guard let record = meant, !record.phase.isOver, !record.isReturn else { return .succeed }
        if record.phase.isBeforeSwitch {
            return record.wishes.contains(.cancel) ? .succeed : .wish(.cancel, id: record.id)
        }
        guard record.phase == .committed, !record.wishes.contains(.return) else { return .succeed }
        let hasHostHeard = record.wishes.contains(.keep) || ground.hostRealm == record.target
        return name == nil && hasHostHeard ? .succeed : .wish(.return, id: record.id)
    }
}
