package import Logging

/// Leads the pause of a cutover: gate, drain, barrier, decision, release. It knows nothing of data: what happens
/// between the barrier and the release is its caller's, and so is the word which region it is.
///
/// 1. **Quiet**: waits for a moment when no node has an old request of the tenant in flight, and a node of the target
///    sees an app instance there that takes calls.
/// 2. **Hold**: one transaction; its epoch is above all that nodes have answered. Pushed only once it is known to be
///    committed, to every node of both regions; others learn it from the change feed.
/// 3. **Barrier**: passes once every owner node of the source has acknowledged this hold, and one of the target that
///    could serve the tenant.
/// 4. **Decision**: by the caller, within the deadline. Past it the caller's task is cancelled, and what it comes back
///    with still counts: in a store that decides for itself the decision may have been made.
/// 5. **Release**: to the side decided for; pushed to every node.
package struct HoldCoordinator: Sendable {
    package typealias Holds = HoldStore & NodeRegistry

    private let holds: any Holds
    private let link: any HoldLink
    private let settings: HoldSettings
    private let actor: String
    private let logger: Logger

    /// - Parameter actor: for the audit: whose cutover it is.
    package init(
        holds: any Holds, link: any HoldLink, settings: HoldSettings, actor: String = "migration", logger: Logger
    ) {
        self.holds = holds
        self.link = link
        self.settings = settings
        self.actor = actor
        self.logger = logger
    }

    /// Runs the pause of one cutover.
    ///
    /// A drain that takes too long may wait for a request that is parked itself: it is given up at once, and tried
    /// again after a random, growing pause, ``HoldSettings/tries`` times in all (amendment H19).
    /// - Parameters:
    ///   - source: where the tenant is.
    ///   - target: where it is to be.
    ///   - decide: given the hold, moves the rest and says where the tenant is from now on. What it throws means the
    ///     source. Called at most once.
    ///   - giveUp: called instead where a hold was made and not all nodes have acknowledged it; the source serves the
    ///     tenant again once it returns.
    package func run(
        _ tenant: TenantID, migration: String, source: Region, target: Region,
        giveUp: @escaping @Sendable (TenantHold) async -> Void = { _ in },
        decide: @escaping @Sendable (TenantHold) async throws -> Region
    ) async -> HoldOutcome {
        let cutover = Cutover(tenant: tenant, migration: migration, source: source, target: target)
        var (tries, pause) = (1, settings.retryPause)
        do throws(DirectoryError) {
            while true {
                let highest: Int64
                switch try await awaitQuiet(cutover) {
                case .failure(let reason): return .givenUp(reason)
                case .success(let epoch): highest = epoch
                }
                let outcome = try await hold(cutover, above: highest, giveUp, decide)
                guard case .givenUp(.inTheWay) = outcome, tries < settings.tries, !Task.isCancelled else {
                    return outcome
                }
                tries += 1
                try? await Task.sleep(for: pause * Double.random(in: 0.5...1.5))
                pause *= 2
            }
        } catch {
            return .givenUp(.directory(error.message))
        }
    }

    /// Stops what may write, and nothing else, for a move of data that stands still (amendment H16): the tenant is read
    /// on at the source. ``run(_:migration:source:target:giveUp:decide:)`` of the same migration makes a hold of all of
    /// it.
    /// - Parameter giveUp: called where a hold was made and not all nodes have acknowledged it; the source takes writes
    ///   again once it returns.
    /// - Returns: the hold, once every owner node of the source has acknowledged it; else why not, and then the source
    ///   takes writes again.
    package func stopWrites(
        _ tenant: TenantID, migration: String, source: Region, target: Region,
        giveUp: @escaping @Sendable (TenantHold) async -> Void = { _ in }
    ) async -> Result<TenantHold, HoldOutcome.Reason> {
        let cutover = Cutover(tenant: tenant, migration: migration, source: source, target: target)
        do throws(DirectoryError) {
            let highest: Int64
            switch try await awaitQuiet(cutover) {
            case .failure(let reason): return .failure(reason)
            case .success(let epoch): highest = epoch
            }
            let hold = try await holds.hold(
                tenant, for: migration, at: source, above: highest, as: .moving, actor: actor)
            switch await passBarrier(hold, target, until: .now + settings.deadline) {
            case .success: return .success(hold)
            case .failure(let reason):
                await giveUp(hold)
                _ = try await release(hold, to: source)
                return .failure(reason)
            }
        } catch {
            return .failure(.directory(error.message))
        }
    }

    /// Ends a stop of the writes: the source serves the tenant as before.
    package func letGo(_ hold: TenantHold) async throws(DirectoryError) {
        _ = try await release(hold, to: hold.source)
    }

    private struct Cutover {
        let tenant: TenantID
        let migration: String
        let source: Region
        let target: Region
    }

    /// One hold, from its beginning to its end.
    private func hold(
        _ cutover: Cutover, above epoch: Int64, _ giveUp: (TenantHold) async -> Void,
        _ decide: @escaping @Sendable (TenantHold) async throws -> Region
    ) async throws(DirectoryError) -> HoldOutcome {
        let source = cutover.source
        let hold = try await holds.hold(
            cutover.tenant, for: cutover.migration, at: source, above: epoch, actor: actor)
        let end = ContinuousClock.now + settings.deadline
        let barrier = await passBarrier(hold, cutover.target, until: end)
        var region = source
        switch barrier {
        case .success: region = await decision(hold, source: source, until: end, decide)
        case .failure: await giveUp(hold)
        }
        let released = try await release(hold, to: region)
        switch barrier {
        case .failure(let reason): return .givenUp(reason)
        case .success(let passedOver):
            guard region != source else { return .givenUp(.undecided) }
            return .released(released.placement, passedOver: passedOver)
        }
    }

    // MARK: Quiet

    /// - Returns: the highest epoch that a node has answered.
    private func awaitQuiet(_ cutover: Cutover) async throws(DirectoryError) -> Result<Int64, HoldOutcome.Reason> {
        let end = ContinuousClock.now + settings.cutoverWindow
        while true {
            let nodes = Self.nodes(try await holds.nodes(), of: cutover.source, cutover.target)
            let answers = await ask(
                nodes.filter { $0.state != .stopped }, .traffic(cutover.tenant, target: cutover.target))
            let view = QuietView(nodes, answers: answers, source: cutover.source, target: cutover.target)
            guard let obstacle = view.obstacle(settings) else { return .success(view.highestEpoch) }
            guard ContinuousClock.now < end, !Task.isCancelled else { return .failure(obstacle) }
            try? await Task.sleep(for: settings.pollInterval)
        }
    }

    private static func nodes(_ nodes: [NodeRecord], of source: Region, _ target: Region) -> [NodeRecord] {
        nodes.filter { $0.regions.contains(source) || $0.regions.contains(target) }
    }

    // MARK: Barrier

    /// - Returns: the nodes that were passed over.
    private func passBarrier(
        _ hold: TenantHold, _ target: Region, until end: ContinuousClock.Instant
    ) async -> Result<[NodeRecord.Identity], HoldOutcome.Reason> {
        var view = BarrierView(source: hold.source, target: target, settings: settings)
        repeat {
            do throws(DirectoryError) {
                let asked = view.nodesToAsk(Self.nodes(try await holds.nodes(), of: hold.source, target))
                let rule = settings.drain(passesReads: hold.state == .moving)
                let question = HoldQuestion.hold(hold, rule, target: target)
                let answers = await ask(asked, question, within: settings.drainBudget + settings.answerTimeout)
                if let reason = view.note(answers, of: asked) { return .failure(reason) }
                view.missing = try await holds.passBarrier(
                    hold, acknowledged: view.acknowledged, passedOver: view.passedOver,
                    countsWritten: settings.isFenced)
                if view.missing.isEmpty, view.isTargetReady { return .success(view.skipped) }
            } catch {
                return .failure(.directory(error.message))
            }
            try? await Task.sleep(for: .milliseconds(10))
        } while ContinuousClock.now < end && !Task.isCancelled
        return .failure(view.reason)
    }

    // MARK: Decision

    private func decision(
        _ hold: TenantHold, source: Region, until end: ContinuousClock.Instant,
        _ decide: @escaping @Sendable (TenantHold) async throws -> Region
    ) async -> Region {
        await withTaskGroup(of: Region?.self) { group in
            group.addTask { (try? await decide(hold)) ?? source }
            group.addTask {
                try? await Task.sleep(until: end)
                return nil
            }
            for await region in group {
                group.cancelAll()
                if let region { return region }
            }
            return source
        }
    }

    // MARK: Release

    /// Ends the hold. A directory that does not answer is asked until it does: whether a commit that was lost on the
    /// way counts must be known before anything else is done.
    private func release(_ hold: TenantHold, to region: Region) async throws(DirectoryError) -> Tenant {
        var pause = Duration.milliseconds(20)
        while true {
            do throws(DirectoryError) {
                let tenant = try await holds.release(hold, to: region, actor: actor)
                await tell(tenant)
                return tenant
            } catch {
                guard error.code == .unavailable || error.code == .busy, !Task.isCancelled else { throw error }
                logger.warning(
                    "A hold cannot be ended while the directory does not answer.",
                    metadata: ["tenant": "\(hold.tenant)", "error": "\(error)"])
            }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(1))
        }
    }

    /// Tells every node; one that does not hear learns it from the change feed.
    private func tell(_ tenant: Tenant) async {
        guard let nodes = try? await holds.nodes() else { return }
        let question = HoldQuestion.release(tenant.id, tenant.placement, sequence: tenant.sequence)
        _ = await ask(nodes, question)
    }

    private func ask(_ nodes: [NodeRecord], _ question: HoldQuestion, within timeout: Duration? = nil) async
        -> [NodeRecord.Identity: HoldAnswer]
    {
        let timeout = timeout ?? settings.answerTimeout
        return await withTaskGroup(of: (NodeRecord.Identity, HoldAnswer?).self) { group in
            for node in nodes {
                group.addTask { (node.identity, await self.link.ask(node, question, within: timeout)) }
            }
            var answers: [NodeRecord.Identity: HoldAnswer] = [:]
            for await (node, answer) in group { answers[node] = answer }
            return answers
        }
    }
}
