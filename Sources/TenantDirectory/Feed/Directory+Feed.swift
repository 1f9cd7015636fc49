import Logging
import Synchronization

/// Reading what other processes have changed.
extension Directory {
    /// Reads the next changes of the feed and applies them. The first time without a mirror it takes the position
    /// alone, and says that everything held before may be old.
    /// - Returns: whether there may be more at once.
    /// - Throws: ``DirectoryError`` when the directory is away, also where another node has been read in its place; the
    ///   next call goes on where this one began.
    package func readFeed() async throws(DirectoryError) -> Bool {
        await feedTurn.take()
        defer { feedTurn.give() }
        return try await readFeedInTurn()
    }

    private func readFeedInTurn() async throws(DirectoryError) -> Bool {
        let (asked, position) = (now(), state.withLock { $0.position })
        let ownChanges = state.withLock { $0.ownChanges }
        do throws(DirectoryError) {
            guard let mirror else { return try await readWithoutMirror(position) }
            let page: FeedPage
            var isFirstOfAll = position == nil
            switch try await store.feed(after: position, limit: limits.feedBatch) {
            case .page(let next): page = next
            case .cut:
                logger.warning(
                    "The directory's history was cut, or this node was away for long: everything is read anew.",
                    metadata: ["position": "\(position?.sequence ?? 0)"])
                guard case .page(let first) = try await store.feed(after: nil, limit: limits.feedBatch) else {
                    throw DirectoryError(.unavailable, "The directory does not give out its records.")
                }
                (page, isFirstOfAll) = (first, true)
            }
            try await take(page, mirror, isFirstOfAll: isFirstOfAll)
            if page.isLast {
                state.withLock { state in
                    state.standing.sawFeed(asked)
                    state.isToldTooOld = false
                    state.mirroredChanges = max(state.mirroredChanges, ownChanges)
                }
            }
            return !page.isLast
        } catch {
            tellIfTooOld()
            if error.code == .unavailable || error.code == .busy { await readElsewhere(position) }
            throw error
        }
    }

    /// Reads to the end of the feed, which must be a number at least.
    /// - Throws: `.unavailable` also where the directory has fallen back behind the number meanwhile.
    package func catchUp(to sequence: Int64 = 0) async throws(DirectoryError) {
        while try await readFeed() {
            if Task.isCancelled { throw DirectoryError(.unavailable, "This process is stopping.") }
        }
        guard appliedSequence >= sequence else {
            throw DirectoryError(.unavailable, "The directory has lost changes just now. Try again in a moment.")
        }
    }

    /// Names other nodes, to be read from in turn while the directory is away.
    package func setOtherSources(_ sources: @escaping @Sendable () -> [any FeedSource]) {
        otherSources.withLock { $0 = sources }
    }

    /// The feed as far as this node has it, for another node that cannot reach the directory. The page says how old its
    /// knowledge is.
    /// - Throws: `.busy` where this node cannot say.
    package func feed(after position: FeedPosition, limit: Int) async throws(DirectoryError) -> FeedAnswer {
        guard let mirror, let age = contactAge, refusal == nil else {
            throw DirectoryError(.busy, "This node has no mirror of the directory that it could pass on.")
        }
        guard case .page(let page) = try await mirror.feed(after: position, limit: min(limit, limits.feedBatch)) else {
            return .cut
        }
        return .page(
            FeedPage(
                changes: page.changes, history: page.history, position: page.position, isLast: page.isLast,
                contactAge: age))
    }

    // MARK: Taking

    private func readWithoutMirror(_ position: FeedPosition?) async throws(DirectoryError) -> Bool {
        if let position, case .page(let page) = try await store.feed(after: position, limit: limits.feedBatch) {
            for change in opened(page.changes) { take(change) }
            state.withLock { $0.position = page.position }
            return !page.isLast
        }
        // A position that is not known is that of another directory, such as a restored backup.
        if position != nil { logger.warning("The directory's history was cut: everything is read anew.") }
        let end = try await store.feedEnd()
        state.withLock { $0.position = end }
        forgetAll()
        return false
    }

    /// Writes a page to the mirror, and then, when it is on disk, to memory.
    private func take(_ page: FeedPage, _ mirror: LocalMirror, isFirstOfAll: Bool) async throws(DirectoryError) {
        let isScan = isFirstOfAll || mirror.state.isScanning
        let isNothing = page.changes.isEmpty && page.position == mirror.state.position && !isScan
        guard !isNothing else { return }
        let wasComplete = mirror.state.isComplete
        let outcome = try await mirror.take(page, isFirstOfAll: isFirstOfAll)
        state.withLock { $0.position = page.position }
        if isScan {
            // Records in memory are older or newer than those of the scan; when it is done all are asked for again.
            if page.isLast { forgetAll() }
            for dispute in outcome.disputed { takeRemoval(of: dispute.id) }
        } else {
            for change in opened(outcome.changes) { take(change) }
        }
        if wasComplete, outcome.missing > 0 {
            logger.error(
                "The directory has lost tenants that this node knew: they are not served until they install again.",
                metadata: ["count": "\(outcome.missing)"])
        }
        await report(outcome.disputed)
    }

    /// A record that does not open, because this process lacks its key, is taken out of memory: who asks for it hears
    /// from the store which key is missing. The others go on: no hold may wait for the key of another tenant.
    private func opened(_ changes: [FeedChange]) -> [TenantChange] {
        changes.map { change in
            switch change {
            case .changed(let record):
                do throws(DirectoryError) {
                    return .changed(try store.open(record))
                } catch {
                    tellUnopened(error, record.id)
                    return .removed(record.id)
                }
            case .removed(let id, _, _): return .removed(id)
            }
        }
    }

    private func tellUnopened(_ error: DirectoryError, _ id: TenantID) {
        let isNew = state.withLock { state in
            defer { state.toldUnopened = error.message }
            return state.toldUnopened != error.message
        }
        guard isNew else { return }
        logger.critical(
            "A tenant's secret does not open: its calls are refused.",
            metadata: ["tenant": "\(id)", "error": "\(error)"])
    }

    private func take(_ change: TenantChange) {
        switch change {
        case .changed(let tenant): take(tenant)
        case .removed(let id): takeRemoval(of: id)
        case .everything: forgetAll()
        }
    }

    // MARK: Disputes

    /// Tells the directory of disputes that were found before, and that it may not have heard of.
    func reportKnownDisputes() async {
        guard let mirror, let known = try? await mirror.disputed(limit: limits.feedBatch) else { return }
        for (id, epoch) in known { try? await store.dispute(id, knownEpoch: epoch, actor: "node") }
    }

    private func report(_ disputes: [MirrorWriter.Dispute]) async {
        for dispute in disputes {
            logger.error(
                "A tenant is disputed: the directory has lost a change of it, and it is admitted nowhere.",
                metadata: ["tenant": "\(dispute.id)", "epoch": "\(dispute.knownEpoch)"])
            // What is not heard now is told when the node registers the next time.
            try? await store.dispute(dispute.id, knownEpoch: dispute.knownEpoch, actor: "node")
        }
    }

    // MARK: The directory is away

    private func readElsewhere(_ position: FeedPosition?) async {
        guard let mirror, mirror.state.isComplete, !mirror.state.isScanning, var position else { return }
        for source in otherSources.withLock({ $0 })() {
            var isDone = false
            while !isDone, !Task.isCancelled {
                let asked = now()
                // A node that does not know the position is behind, or has another history: only the directory decides.
                guard case .page(let page)? = try? await source.feed(after: position, limit: limits.feedBatch),
                    (try? await take(page, mirror, isFirstOfAll: false)) != nil
                else { break }
                position = page.position
                isDone = page.isLast
                // Counts as no newer than that node's own last contact.
                if isDone { state.withLock { $0.standing.sawFeed(asked - page.contactAge) } }
            }
        }
    }

    /// Once nothing may be served any more, who holds records is told so.
    private func tellIfTooOld() {
        state.withLock { state in
            guard !state.isToldTooOld, state.standing.refusal(now: now()) != nil else { return }
            state.isToldTooOld = true
            state.cache.removeAll()
            state.readers.tell(.everything)
        }
    }
}
