import RegionRouter
import TenantDirectory
import TestSupport
import Testing

@testable import ResidencyGateway

@Suite("The barrier of a cutover among gateway processes", .serialized, .timeLimit(.minutes(10)))
struct BarrierTests {
    /// Where a node dies, and starts again.
    enum Step: CaseIterable, Sendable {
        /// It has said what is in flight, and the tenant is not held.
        case beforeHold
        /// Its gate is closed, and it has not acknowledged.
        case afterHold
        case afterAcknowledgement
        case afterBarrier
        case afterRelease
    }

    enum Role: CaseIterable, Sendable {
        case source, target
    }

    /// Runs calls at every node beside `body`, and holds against each other what was called, got and answered.
    /// - Parameter body: gives the placements that there have been.
    private static func withCalls(
        _ site: FleetSite, _ body: (FleetCalls) async throws -> [Placement]
    ) async throws {
        let calls = FleetCalls()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for name in FleetSite.names {
                group.addTask(executorPreference: BlockingExecutor.shared) { await calls.run(site, name) }
            }
            var placements = [Placement(region: site.source, epoch: 1, state: .serving)]
            do {
                placements += try await body(calls)
            } catch {
                calls.stop()
                // Who waits for an answer hears of it.
                await site.end()
                throw error
            }
            calls.stop()
            try await group.waitForAll()
            func epochs(_ region: Region) -> Set<Int> {
                Set(placements.filter { $0.region == region }.map { Int($0.epoch) })
            }
            calls.check([(site.eu, epochs(site.source)), (site.us, epochs(site.target))])
        }
        // Nothing fails because of a move but what is on its way through a node that dies.
        #expect(calls.refusals.isSubset(of: ["502 peer-closed", "502 peer-unreachable"]))
    }

    @Test(
        "lets no request through to the source after the last acknowledgement, whichever node is killed at any step",
        arguments: Role.allCases)
    func killed(_ role: Role) async throws {
        try await HoldTests.withSite { site in
            try await Self.withCalls(site) { _ in
                var (source, target) = (site.source, site.target)
                var placements: [Placement] = []
                // To and fro: each step once.
                for step in Step.allCases {
                    let victim = (role == .source ? source : target) == site.source ? "eu-1" : "us-1"
                    placements.append(try await Self.cutover(site, step, victim, from: source, to: target))
                    swap(&source, &target)
                }
                return placements
            }
        }
    }

    /// One cutover in which a node is killed.
    private static func cutover(
        _ site: FleetSite, _ step: Step, _ victim: String, from source: Region, to target: Region
    ) async throws -> Placement {
        let app = source == site.source ? site.eu : site.us
        let hasFallen = Flag()
        @Sendable func fall() async {
            hasFallen.set()
            await site.kill(victim)
            _ = try? await site.start(victim)
        }
        // A call that the app does not answer keeps the source's node from acknowledging.
        let isKeptBack = step == .afterHold && (source == site.source) == victim.hasPrefix("eu")
        let heldBefore = try await site.heldCount(at: victim)
        let stuck = HeldSocket(try FleetSite.connect(try site.node(victim)))
        if isKeptBack {
            try await BlockingExecutor.run {
                try stuck.socket.send(FleetSite.request("POST", "/silent/\(source)", body: "x"))
            }
            _ = await app.received { $0.hasPrefix("POST /silent/\(source)") }
        }
        let link = StagedLink(link: PeerHoldLink(client: PeerClient())) { node, question, ask in
            guard node.identity.id == victim, !hasFallen.isSet else { return await ask() }
            switch (step, question) {
            case (.beforeHold, .traffic):
                let answer = await ask()
                await fall()
                return answer
            case (.afterAcknowledgement, .hold):
                let answer = await ask()
                if case .acknowledged? = answer { await fall() }
                return answer
            case (.afterHold, .hold):
                async let answer = ask()
                // The feed may have closed its gate before it was asked.
                if isKeptBack { try? await site.held(heldBefore + 1, at: victim) }
                await fall()
                _ = await answer
                return nil
            default: return await ask()
            }
        }
        let outcome = await site.coordinator(link: link).run(
            site.tenant, migration: "\(step)", source: source, target: target
        ) { hold in
            try await FleetCalls.settle(app, epoch: hold.epoch)
            if step == .afterBarrier { await fall() }
            return target
        }
        guard case .released(let placement, []) = outcome else {
            Issue.record("\(step): was not switched: \(outcome)")
            throw CancellationError()
        }
        if step == .afterRelease { await fall() }
        #expect(placement.region == target && hasFallen.isSet, "\(step)")
        let call = try await site.call(victim, "/echo/after")
        #expect(call.field("x-instance") == (target == site.source ? "eu" : "us"), "\(step)")
        return placement
    }

    @Test("passes over a node that nobody reaches where that was asked for, names it, and has it follow when it hears")
    func passedOver() async throws {
        try await HoldTests.withSite(relayed: ["eu-2"]) { site in
            let relay = try #require(site.relays["eu-2"])
            let link = StagedLink(link: PeerHoldLink(client: PeerClient())) { node, _, ask in
                node.identity.id == "eu-2" ? nil : await ask()
            }
            relay.cutOff()
            let target = site.target
            let outcome = await site.coordinator(link: link) { $0.passOverSilent = true }.run(
                site.tenant, migration: "m1", source: site.source, target: target
            ) { _ in target }
            guard case .released(_, let passedOver) = outcome else {
                Issue.record("was not switched: \(outcome)")
                return
            }
            #expect(passedOver.map(\.id) == ["eu-2"])
            // It answers reads from the old region until it hears; writes are the store's to refuse.
            #expect(try await site.call("eu-2", "/echo").field("x-instance") == "eu")
            #expect(try await site.call("eu-1", "/echo").field("x-instance") == "us")
            relay.mend()
            while try await site.call("eu-2", "/echo").field("x-instance") != "us" {}
        }
    }

    @Test(
        "is stopped by a node that is cut off, which serves on; one cut off later lets nothing through until it hears")
    func cutOff() async throws {
        try await HoldTests.withSite(relayed: ["eu-2"]) { site in
            let relay = try #require(site.relays["eu-2"])
            let isCut = Flag()
            let link = StagedLink(link: PeerHoldLink(client: PeerClient())) { node, question, ask in
                guard node.identity.id == "eu-2" else { return await ask() }
                if isCut.isSet { return nil }
                guard case .hold = question else { return await ask() }
                let answer = await ask()
                guard case .acknowledged? = answer else { return answer }
                // It has acknowledged, and from then on it hears of nothing.
                isCut.set()
                relay.cutOff()
                return answer
            }
            let (source, target) = (site.source, site.target)
            try await Self.withCalls(site) { _ in
                relay.cutOff()
                isCut.set()
                let stopped = await site.coordinator(link: link) { $0.cutoverWindow = .seconds(1) }.run(
                    site.tenant, migration: "m1", source: source, target: target
                ) { _ in target }
                guard case .givenUp(.silent(let nodes)) = stopped else {
                    Issue.record("a node that nobody reaches was passed over: \(stopped)")
                    throw CancellationError()
                }
                #expect(nodes.map(\.id) == ["eu-2"])
                let before = try await site.call("eu-2", "/echo/after")
                #expect(before.field("x-instance") == "eu")
                relay.mend()
                isCut.clear()

                let outcome = await site.coordinator(link: link).run(
                    site.tenant, migration: "m2", source: source, target: target
                ) { hold in
                    try await FleetCalls.settle(site.eu, epoch: hold.epoch)
                    return target
                }
                guard case .released(let placement, []) = outcome else {
                    Issue.record("was not switched: \(outcome)")
                    throw CancellationError()
                }
                #expect(try await site.call("eu-1", "/echo/after").field("x-instance") == "us")
                #expect(isCut.isSet)
                relay.mend()
                #expect(try await site.call("eu-2", "/echo/after").field("x-instance") == "us")
                return [placement]
            }
        }
    }
}
