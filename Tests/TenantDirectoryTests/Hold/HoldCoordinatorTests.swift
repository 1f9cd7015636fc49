import Logging
import Synchronization
import TenantDirectory
import TestSupport
import Testing

@Suite("The pause of a cutover", .timeLimit(.minutes(3)))
struct HoldCoordinatorTests {
    /// What happened, in one order.
    private final class Story: Sendable {
        enum Event: Sendable { case admitted, passed, released }
        private let events = Mutex<[Event]>([])
        func note(_ event: Event) { events.withLock { $0.append(event) } }
        /// Requests admitted at the source between the barrier and the release to the target.
        var admittedAfterBarrier: Int {
            events.withLock { events in
                guard let passed = events.firstIndex(where: { $0 == .passed }) else { return 0 }
                return events[passed...].count { $0 == .admitted }
            }
        }
    }

    private struct Setting {
        let store: SQLiteStore
        let fleet: HoldFleet
        let tenant: TenantID
        let source: Region
        let target: Region
    }

    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private static func withSetting(
        nodes: [String], instances: HoldStanding.Target = .well, _ body: (Setting) async throws -> Void
    ) async throws {
        let folder = try ScratchFolder()
        let store = try SQLiteStore(path: folder.file("d.sqlite"), sealer: .test())
        defer { store.close() }
        let (source, target) = (try #require(Region("EU")), try #require(Region("US")))
        let tenant = try await store.recordForgeInstallation(
            ForgeInstall(
                alias: TenantAlias(.forge, app: "app", name: "i"), cloudID: nil, hostBaseURL: nil, product: nil,
                region: source, hostRealm: source), actor: "host")
        let fleet = HoldFleet(store: store, regions: [source, target], target: instances)
        for node in nodes { try await fleet.start(node, serving: tenant.id) }
        defer { fleet.stop() }
        try await body(Setting(store: store, fleet: fleet, tenant: tenant.id, source: source, target: target))
    }

    private static func run(
        _ setting: Setting, isFenced: Bool = true, change: (inout HoldSettings) -> Void = { _ in },
        decide: @escaping @Sendable (TenantHold) async throws -> Region
    ) async -> HoldOutcome {
        var settings = HoldSettings(isFenced: isFenced)
        settings.cutoverWindow = .seconds(20)
        settings.deadline = .seconds(20)
        change(&settings)
        let coordinator = HoldCoordinator(
            holds: setting.store, link: setting.fleet, settings: settings, logger: logger)
        return await coordinator.run(
            setting.tenant, migration: "m1", source: setting.source, target: setting.target, decide: decide)
    }

    @Test("ends at the target with the next epoch, and every node knows")
    func switches() async throws {
        try await Self.withSetting(nodes: ["a", "b"]) { setting in
            let target = setting.target
            let outcome = await Self.run(setting) { _ in target }
            let placement = Placement(region: target, epoch: 3, state: .serving)
            #expect(outcome == .released(placement, passedOver: []))
            for name in ["a", "b"] {
                let gates = try #require(setting.fleet.gates(of: name))
                #expect(!gates.admit(setting.tenant, at: setting.source) {})
                #expect(gates.admit(setting.tenant, at: target) {})
            }
        }
    }

    @Test("is given up when a request does not end in time, with its name, and the source serves on")
    func inTheWay() async throws {
        try await Self.withSetting(nodes: ["a"]) { setting in
            let gates = try #require(setting.fleet.gates(of: "a"))
            #expect(gates.admit(setting.tenant, at: setting.source) {})
            let target = setting.target
            let outcome = await Self.run(
                setting,
                change: {
                    $0.drainBudget = .milliseconds(20)
                    $0.retryPause = .milliseconds(1)
                }
            ) { _ in target }
            #expect(outcome == .givenUp(.inTheWay(["POST /work"])))
            gates.end(setting.tenant)
            #expect(gates.admit(setting.tenant, at: setting.source) {})
            // Held five times, and given back five times.
            #expect(try await setting.store.tenant(.id(setting.tenant))?.placement.epoch == 11)
            #expect(try await setting.store.hold(of: setting.tenant) == nil)
        }
    }

    @Test("is tried again when a request that did not end in time was let go on by the next pause")
    func triedAgain() async throws {
        try await Self.withSetting(nodes: ["a"]) { setting in
            let gates = try #require(setting.fleet.gates(of: "a"))
            #expect(gates.admit(setting.tenant, at: setting.source) {})
            let (store, tenant, target) = (setting.store, setting.tenant, setting.target)
            async let ended: Void = {
                // The first hold has been given up.
                while (try await store.tenant(.id(tenant))?.placement.epoch ?? 0) < 3 { await Task.yield() }
                gates.end(tenant)
            }()
            let outcome = await Self.run(setting, change: { $0.drainBudget = .milliseconds(50) }) { _ in target }
            try await ended
            guard case .released(let placement, []) = outcome else {
                Issue.record("was not switched: \(outcome)")
                return
            }
            #expect(placement.region == target && placement.epoch >= 5)
        }
    }

    @Test("stops what may write, and later everything, each of which every node acknowledges")
    func stopsWrites() async throws {
        try await Self.withSetting(nodes: ["a", "b"]) { setting in
            let coordinator = HoldCoordinator(
                holds: setting.store, link: setting.fleet, settings: HoldSettings(isFenced: true), logger: Self.logger)
            let moving = try await coordinator.stopWrites(
                setting.tenant, migration: "m1", source: setting.source, target: setting.target
            ).get()
            #expect(moving.state == .moving)
            #expect(
                try await setting.store.tenant(.id(setting.tenant))?.placement
                    == Placement(region: setting.source, epoch: 2, state: .moving))
            let target = setting.target
            let outcome = await Self.run(setting) { _ in target }
            #expect(outcome == .released(Placement(region: target, epoch: 4, state: .serving), passedOver: []))
        }
    }

    @Test("waits for what a node has cut when it stopped, where no store refuses writes", arguments: [true, false])
    func stopped(_ isFenced: Bool) async throws {
        try await Self.withSetting(nodes: ["a"]) { setting in
            try await setting.store.register(
                NodeRecord(
                    identity: NodeRecord.Identity(newProcessOf: "gone"), state: .stopped, regions: [setting.source],
                    version: "1", regionView: "", configurationDigest: "", startedAt: 0), replacing: nil)
            let target = setting.target
            let outcome = await Self.run(
                setting, isFenced: isFenced,
                change: {
                    $0.maxRequestTime = .zero
                    if !isFenced { $0.cutoverWindow = .milliseconds(50) }
                }
            ) { _ in target }
            if isFenced {
                #expect(outcome == .released(Placement(region: target, epoch: 3, state: .serving), passedOver: []))
            } else if case .givenUp(.mayStillWork(let nodes)) = outcome {
                #expect(nodes.map(\.id) == ["gone"])
            } else {
                Issue.record("did not wait: \(outcome)")
            }
        }
    }

    @Test("does not begin while something old is in flight")
    func notQuiet() async throws {
        try await Self.withSetting(nodes: ["a"]) { setting in
            #expect(setting.fleet.gates(of: "a")?.admit(setting.tenant, at: setting.source) {} == true)
            let target = setting.target
            let outcome = await Self.run(
                setting,
                change: {
                    $0.quietFor = .zero
                    $0.cutoverWindow = .milliseconds(50)
                }
            ) { _ in target }
            #expect(outcome == .givenUp(.inTheWay(["POST /work"])))
            let record = try await setting.store.tenant(.id(setting.tenant))
            #expect(record?.placement.epoch == 1)
        }
    }

    @Test(
        "does not begin while the app instances of the target are down on every node",
        arguments: [
            HoldStanding.Target.down, .notOwned,
        ])
    func targetDown(_ instances: HoldStanding.Target) async throws {
        try await Self.withSetting(nodes: ["a", "b"], instances: instances) { setting in
            let target = setting.target
            let outcome = await Self.run(setting, change: { $0.cutoverWindow = .milliseconds(50) }) { _ in target }
            #expect(outcome == .givenUp(.targetDown(target)))
            let record = try await setting.store.tenant(.id(setting.tenant))
            #expect(record?.placement.epoch == 1)
        }
    }

    @Test(
        "waits, where no store refuses writes, until the app can work on nothing that a process sent which is gone",
        arguments: [Duration.milliseconds(300), .seconds(3_600)])
    func young(_ maxRequestTime: Duration) async throws {
        try await Self.withSetting(nodes: ["a"]) { setting in
            let target = setting.target
            let (start, known) = (ContinuousClock.now, Flag())
            let outcome = await Self.run(
                setting, isFenced: false,
                change: {
                    $0.maxRequestTime = maxRequestTime
                    $0.cutoverWindow = maxRequestTime > .seconds(60) ? .milliseconds(50) : .seconds(20)
                }
            ) { _ in
                known.set()
                return target
            }
            if maxRequestTime > .seconds(60) {
                guard case .givenUp(.mayStillWork(let nodes)) = outcome else {
                    Issue.record("was not given up: \(outcome)")
                    return
                }
                #expect(nodes.map(\.id) == ["a"])
            } else {
                #expect(outcome == .released(Placement(region: target, epoch: 3, state: .serving), passedOver: []))
                #expect(known.isSet)
                #expect(ContinuousClock.now - start > .milliseconds(100))
            }
        }
    }

    @Test("is given up past its deadline, and what the caller comes back with decides", arguments: [true, false])
    func deadline(_ wasDecided: Bool) async throws {
        try await Self.withSetting(nodes: ["a"]) { setting in
            let (source, target) = (setting.source, setting.target)
            let outcome = await Self.run(setting, change: { $0.deadline = .milliseconds(200) }) { _ in
                while !Task.isCancelled { await Task.yield() }
                return wasDecided ? target : source
            }
            if wasDecided {
                #expect(outcome == .released(Placement(region: target, epoch: 3, state: .serving), passedOver: []))
            } else {
                #expect(outcome == .givenUp(.undecided))
            }
        }
    }

    @Test("is stopped by a silent node, or passes it over where that was asked for and the store has a fence")
    func silent() async throws {
        try await Self.withSetting(nodes: ["a", "b"]) { setting in
            let target = setting.target
            setting.fleet.silence("b")
            let outcome = await Self.run(setting, change: { $0.cutoverWindow = .milliseconds(50) }) { _ in target }
            guard case .givenUp(.silent(let nodes)) = outcome else {
                Issue.record("a silent node did not stop it: \(outcome)")
                return
            }
            #expect(nodes.map(\.id) == ["b"])
            let passed = await Self.run(setting, change: { $0.passOverSilent = true }) { _ in target }
            guard case .released(_, let passedOver) = passed else {
                Issue.record("a silent node was not passed over: \(passed)")
                return
            }
            #expect(passedOver.map(\.id) == ["b"])
            setting.fleet.silence("a")
            // Nobody in the target could serve it: that is no matter of who is passed over.
            let unheard = await Self.run(
                setting,
                change: {
                    $0.passOverSilent = true
                    $0.cutoverWindow = .milliseconds(50)
                }
            ) { _ in target }
            #expect(unheard == .givenUp(.targetDown(target)))
        }
    }

    @Test(
        "admits no request at the source after the last acknowledgement, whichever node dies or is not heard at any step",
        arguments: HoldFleet.Fault.allCases, 0..<8)
    func barrier(_ fault: HoldFleet.Fault, _ step: Int) async throws {
        try await Self.withSetting(nodes: ["a", "b"]) { setting in
            let (story, isOver, target) = (Story(), Flag(), setting.target)
            setting.fleet.set([step: fault])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for name in ["a", "b"] {
                    group.addTask {
                        while !isOver.isSet {
                            // Of whichever process has the name now.
                            if let gates = setting.fleet.gates(of: name),
                                gates.admit(setting.tenant, at: setting.source, noting: { story.note(.admitted) })
                            {
                                await Task.yield()
                                gates.end(setting.tenant)
                            }
                            await Task.yield()
                        }
                    }
                }
                // Wide enough that a loaded machine gives nothing up.
                let patience: (inout HoldSettings) -> Void = {
                    $0.cutoverWindow = .seconds(60)
                    ($0.quietFor, $0.drainBudget, $0.deadline) = (.seconds(20), .seconds(20), .seconds(40))
                }
                let outcome = await Self.run(setting, change: patience) { _ in
                    story.note(.passed)
                    for _ in 0..<50 { await Task.yield() }
                    return target
                }
                isOver.set()
                #expect(outcome == .released(Placement(region: target, epoch: 3, state: .serving), passedOver: []))
                try await group.waitForAll()
            }
            #expect(story.admittedAfterBarrier == 0)
        }
    }
}
