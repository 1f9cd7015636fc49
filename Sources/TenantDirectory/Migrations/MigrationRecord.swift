/// A migration as the directory has it: what is wanted, how far it is, and who works on it. It is written before
/// anything is done, so that whoever takes over after a crash knows what may have been done.
///
/// Texts that only the module of migrations reads (progress, findings, receipt) are its JSON.
package struct MigrationRecord: Sendable, Equatable {
    package enum Kind: String, Sendable, Codable, CaseIterable {
        /// Moves the tenant.
        case move
        /// Looks at both sides and says what would stand in the way. Changes nothing.
        case plan
        /// All of a move but the switch; what was copied is taken away again.
        case rehearse
    }

    /// How the data is wanted to move.
    package enum Mode: String, Sendable, Codable, CaseIterable {
        /// As the plan finds best.
        case auto
        case live
        case offline
    }

    /// When it switches.
    package enum Commit: String, Sendable, Codable, CaseIterable {
        /// As soon as it is ready.
        case automatic
        /// When somebody says so.
        case manual
    }

    /// Whom it is for.
    package enum Trigger: Sendable, Equatable {
        case administrator
        /// The host's residency hooks.
        /// - Parameters:
        ///   - id: the host's name of it.
        ///   - windowEnd: without a commit until then it is rolled back; milliseconds since 1970.
        case host(id: String, windowEnd: Int64?)
    }

    /// 32 lower-case hexadecimal digits.
    package let id: String
    package let tenant: TenantID
    /// Where the tenant was when it began, and where it is to be.
    package let source: Region
    package let target: Region
    package let kind: Kind
    package let mode: Mode
    package let trigger: Trigger
    package let commit: Commit
    /// Begins no sooner; milliseconds since 1970.
    package let startAt: Int64
    /// Of which batch it is a part, with how many of that may run at once; `nil` for one alone.
    package let batch: MigrationBatch?
    package let createdAt: Int64

    // MARK: What others want

    package var wishes: Set<MigrationWish> = []

    // MARK: Who works on it

    package var lease: MigrationLease

    // MARK: How far it is: written by the holder of the lease alone

    package var phase: MigrationPhase
    /// Of the copy: grows each time it begins anew.
    package var attempt: Int64 = 1
    /// It is on its way back, with the roles of the regions exchanged.
    package var isReturn = false
    /// The source's rows may be deleted from then on; milliseconds since 1970.
    package var purgeAt: Int64?
    package var progress = ""
    package var findings = ""
    /// Why it ended as it did, or what stands in its way now: a sentence. Empty while all is well.
    package var reason = ""
    package var receipt = ""
    package var updatedAt: Int64

    package init(
        id: String, tenant: TenantID, source: Region, target: Region, kind: Kind, mode: Mode, trigger: Trigger,
        commit: Commit, startAt: Int64, batch: MigrationBatch?, createdAt: Int64, lease: MigrationLease,
        phase: MigrationPhase, updatedAt: Int64
    ) {
        self.id = id
        self.tenant = tenant
        self.source = source
        self.target = target
        self.kind = kind
        self.mode = mode
        self.trigger = trigger
        self.commit = commit
        self.startAt = startAt
        self.batch = batch
        self.createdAt = createdAt
        self.lease = lease
        self.phase = phase
        self.updatedAt = updatedAt
    }

    /// Where the data comes from now: the other way round on the way back.
    package var from: Region { isReturn ? target : source }
    package var to: Region { isReturn ? source : target }

    /// What a hold is named by: the migration and the lease under which it was made, so that a coordinator that has
    /// been taken over from neither joins nor ends the hold of the next one.
    package var holdName: String { "\(id)/\(lease.generation)" }
}

/// Several migrations that were asked for together.
package struct MigrationBatch: Sendable, Equatable {
    package let name: String
    package let atOnce: Int

    package init(name: String, atOnce: Int) {
        self.name = name
        self.atOnce = atOnce
    }
}

/// What may be asked of a migration while it runs. Anybody who can reach the directory may.
package enum MigrationWish: String, Sendable, CaseIterable {
    /// Begin now, whatever time it was scheduled for.
    case begin
    /// Switch, as soon as it is ready.
    case commit
    /// Leave everything as it was. Only before the switch.
    case cancel
    /// Bring the tenant back. Only after the switch and before the purge.
    case `return`
    /// Delete the source's rows now and not later. Only after the switch.
    case purge
    /// The host has been told of the switch: a rollback that does not name the migration is another's. Only after it.
    case keep
}

/// Who works on a migration. No clock is compared between machines (amendment H26): a lease is over when whoever wants
/// it has seen no change of it for long enough, by its own clock.
package struct MigrationLease: Sendable, Equatable {
    /// `nil` before the first, and when it was given up.
    package var holder: NodeRecord.Identity?
    /// Grows with every takeover; of one tenant, it never falls from one migration to the next.
    package var generation: Int64
    /// Grows with every sign of life.
    package var counter: Int64

    package init(holder: NodeRecord.Identity?, generation: Int64, counter: Int64) {
        self.holder = holder
        self.generation = generation
        self.counter = counter
    }
}
