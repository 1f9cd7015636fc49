import Foundation
import Glibc
import Logging
import RealmMigration
import ServiceLifecycle
import TenantDirectory
import UnixSignals

/// Two instances of the sample app, the gateway in front of them, and the host: all in one process, over real sockets.
struct Demo: Sendable {
    let settings: DemoSettings
    let screen: DemoScreen
    /// Whether to go on serving after the story.
    let staysOn: Bool

    /// What came of the story.
    struct Outcome: Sendable {
        var checks = 0
        var faults = 0
    }

    /// Everything that runs.
    private struct Cast: Sendable {
        let keys: SmallServer
        let eu: SampleApp
        let us: SampleApp
        let euStore: SQLiteSampleStore
        let usStore: SQLiteSampleStore
        let simulator: HostSimulator
    }

    /// Tells the story.
    /// - Returns: whether all went as it must.
    func run() async throws -> Bool {
        let start = ContinuousClock.now
        let state = try HostState.random()
        // As a vendor's service manager would; nothing else of the demo runs yet.
        let secret = HostNames.secret()
        setenv(SampleAppCommand.secretVariable, secret, 1)
        let euStore = try SQLiteSampleStore(path: settings.file("sample-eu.sqlite"))
        let usStore = try SQLiteSampleStore(path: settings.file("sample-us.sqlite"))
        func app(_ name: String, _ store: SQLiteSampleStore) -> SampleApp {
            SampleApp(name: name, store: store, contract: SampleContract(store: store, secret: Secret(secret)))
        }
        let cast = Cast(
            keys: HostKeyServer.make(installKeys: state.installKeys, forgeKeys: state.forgeKeys, port: 0),
            eu: app("sample-eu", euStore), us: app("sample-us", usStore), euStore: euStore, usStore: usStore,
            simulator: HostSimulator(
                installKeys: state.installKeys, forgeKeys: state.forgeKeys, appKey: SampleApp.key))
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            let (eu, us) = (cast.eu.server(port: 0), cast.us.server(port: 0))
            let around = ServiceGroup(services: [cast.keys, eu, us], logger: Self.quiet)
            tasks.addTask { try await around.run() }
            guard let keysPort = await cast.keys.boundPort(), let euPort = await eu.boundPort(),
                let usPort = await us.boundPort()
            else { throw HostError("a part of the demo could not listen on 127.0.0.1") }
            let path = try settings.write(
                euPort: euPort, usPort: usPort, keysPort: keysPort,
                stores: DemoSettings.stores(euPort: euPort, usPort: usPort))
            let loaded = try ConfigurationFile.load(path: path, environment: [:])
            let gateway = try await Gateway.make(loaded.configuration, logger: Self.quiet)
            let group = gateway.serviceGroup()
            tasks.addTask { try await group.run() }
            guard let addresses = await gateway.addresses() else {
                try await tasks.next()
                throw HostError("the gateway ended before it served")
            }
            screen.opening(settings, keysPort: keysPort, euPort: euPort, usPort: usPort, admin: addresses.admin)
            let isGood = try await withOutboundClient(HostCaller.outbound) { client in
                try await tell(cast, loaded.configuration, HostCaller(client: client), since: start)
            }
            if staysOn { await waitForSignal() }
            // The gateway first, so that it finds the apps while it drains.
            await group.triggerGracefulShutdown()
            try await tasks.next()
            await around.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return isGood
        }
    }

    private func tell(
        _ cast: Cast, _ configuration: GatewayConfiguration, _ caller: HostCaller,
        since start: ContinuousClock.Instant
    ) async throws -> Bool {
        let story = DemoStory(simulator: cast.simulator, settings: settings)
        var outcome = Outcome()
        for (index, chapter) in try story.chapters().enumerated() {
            screen.chapter(chapter.title, number: index + 1)
            for step in chapter.steps {
                outcome.checks += 1
                if !(await perform(step, caller)) { outcome.faults += 1 }
            }
        }
        screen.chapter("Whose data is where", number: try story.chapters().count + 1)
        try await look(cast, story, &outcome)
        screen.chapter(
            "The host moves alpha's data to the US while its pages write", number: try story.chapters().count + 2)
        let move = DemoMove(
            story: story, caller: caller, settings: settings, configuration: configuration, eu: cast.euStore,
            us: cast.usStore, screen: screen)
        let moved = try await move.run()
        (outcome.checks, outcome.faults) = (outcome.checks + moved.checks, outcome.faults + moved.faults)
        let arrived = DemoStep(
            "alpha opens a page at the US's URL", story.page(story.alpha, settings.regionURL("US")), .answered(in: "US")
        )
        outcome.checks += 1
        if !(await perform(arrived, caller)) { outcome.faults += 1 }
        screen.summary(calls: outcome.checks, faults: outcome.faults, elapsed: ContinuousClock.now - start)
        if staysOn, outcome.faults == 0 {
            screen.invitation(story.invitations(lifetime: 3_600), settings: settings)
        }
        return outcome.faults == 0
    }

    private func perform(_ step: DemoStep, _ caller: HostCaller) async -> Bool {
        do {
            let seen = try await caller.send(step.call)
            let fault = step.expectation.fault(of: seen)
            screen.step(step, seen, fault: fault)
            return fault == nil
        } catch {
            screen.failure(step, error)
            return false
        }
    }

    /// Looks into both apps' databases, past the gateway.
    private func look(_ cast: Cast, _ story: DemoStory, _ outcome: inout Outcome) async throws {
        let homes = [
            (story.alpha, cast.eu, cast.us), (story.bravo, cast.us, cast.eu), (story.charlie, cast.eu, cast.us),
        ]
        for (site, home, other) in homes {
            let here = try await home.store.summary(of: site.clientKey)
            let there = try await other.store.summary(of: site.clientKey)
            let isGood = here.visits > 0 && there.visits == 0 && there.webhooks == 0 && there.site == nil
            outcome.checks += 1
            if !isGood { outcome.faults += 1 }
            screen.finding(
                "\(site.name)'s data is in \(home.name) alone", isGood,
                "\(here.visits) pages, \(here.webhooks) webhooks, \(here.notes.count) notes there; "
                    + "\(there.visits) in \(other.name)")
        }
    }

    private func waitForSignal() async {
        let signals = await UnixSignalsSequence(trapping: [.sigint, .sigterm])
        for await _ in signals { return }
    }

    /// The story is on the screen; only what is broken is logged.
    private static var quiet: Logger {
        var logger = Logger(label: "demo") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .error
        return logger
    }
}
