import NIOCore
import Synchronization

/// The servers of one region as all event loops share them, and what is known of their health. Its lock is taken when
/// something fails, is checked, or comes back; never for a request that is answered.
final class UpstreamSet: Sendable {
    let servers: [UpstreamServer]
    let settings: HealthMachine.Settings
    private let machine: Mutex<HealthMachine>

    var kind: UpstreamServer.Kind { servers.first?.kind ?? .app }

    init(_ kind: UpstreamServer.Kind, _ addresses: [UpstreamAddress], settings: HealthMachine.Settings) {
        servers = addresses.prefix(InstanceChoice.maxServers).map { UpstreamServer(kind, $0) }
        self.settings = settings
        machine = Mutex(HealthMachine(count: servers.count, settings: settings))
    }

    /// A request has failed by this server, in a way that only the gateway saw.
    func failed(_ index: Int, now: NIODeadline) {
        guard servers.indices.contains(index) else { return }
        guard servers[index].failures.add(1, ordering: .relaxed).newValue >= settings.failures else { return }
        servers[index].failures.store(0, ordering: .relaxed)
        change { $0.failed(index, now: now) }
    }

    /// A request has been answered.
    @inline(__always)
    func succeeded(_ index: Int) {
        guard servers[index].failures.load(ordering: .relaxed) != 0 else { return }
        servers[index].failures.store(0, ordering: .relaxed)
        change { $0.succeeded(index) }
    }

    /// It has been asked whether it is well.
    func checked(_ index: Int, isWell: Bool, now: NIODeadline) {
        change { $0.checked(index, isWell: isWell, now: now) }
    }

    /// Brings back what has been out for long enough.
    func tick(now: NIODeadline) { change { $0.tick(now: now) } }

    /// What the choice of a loop goes by.
    func candidate(_ index: Int) -> InstanceChoice.Candidate {
        let server = servers[index]
        let since = server.warmingSince.load(ordering: .relaxed)
        var warmth = 1.0
        if since != 0 {
            let passed = (NIODeadline.now() - .uptimeNanoseconds(since)).nanoseconds
            warmth = Double(passed) / Double(max(1, settings.slowStart.nanoseconds))
        }
        return InstanceChoice.Candidate(
            outstanding: server.outstanding.load(ordering: .relaxed), isOut: server.isOut.load(ordering: .relaxed),
            warmth: warmth)
    }

    private func change(_ body: (inout HealthMachine) -> Void) {
        machine.withLock { machine in
            body(&machine)
            for (index, server) in servers.enumerated() {
                server.isOut.store(machine.isOut(index), ordering: .relaxed)
                server.warmingSince.store(machine.warmingSince(index)?.uptimeNanoseconds ?? 0, ordering: .relaxed)
            }
        }
    }
}
