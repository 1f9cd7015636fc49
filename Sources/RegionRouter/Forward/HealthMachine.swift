import NIOCore

/// Which servers of one region are in use. Pure: told of failures and of checks, with the time.
///
/// 1. Requests that fail by a server one after the other put it out for a while, longer each time.
/// 2. Checks that fail put it out until they succeed again.
/// 3. At least half of the servers stay in use, whatever is said of them: those that failed last stay in.
/// 4. One that comes back warms up.
struct HealthMachine {
    struct Settings: Sendable, Equatable {
        /// Requests in a row that fail before a server is put out.
        var failures = 5
        /// For how long, the first time; each time in a row it is twice as long, up to `maxOutFor`.
        var outFor = TimeAmount.seconds(10)
        var maxOutFor = TimeAmount.seconds(300)
        /// Checks in a row that must fail to put it out, and succeed to bring it back.
        var failedChecks = 2
        var goodChecks = 2
        /// How long one that comes back takes to warm up.
        var slowStart = TimeAmount.seconds(30)

        /// A peer that is down is passed over after two failures, and soon tried again.
        static let ofPeers = Settings(
            failures: 2, outFor: .seconds(1), maxOutFor: .seconds(30), slowStart: .seconds(1))
    }

    private struct Server {
        var outUntil: NIODeadline?
        /// Times in a row that requests have put it out.
        var timesOut = 0
        var failsChecks = false
        var checksInARow = 0
        /// Since when it ought to be out.
        var badSince: NIODeadline?
        var isOut = false
        var warmingSince: NIODeadline?
    }

    private var servers: [Server]
    private let settings: Settings

    init(count: Int, settings: Settings) {
        servers = Array(repeating: Server(), count: count)
        self.settings = settings
    }

    /// Servers that may be out at once.
    private var maxOut: Int { servers.count / 2 }

    func isOut(_ index: Int) -> Bool { servers.indices.contains(index) && servers[index].isOut }

    /// When it came back, while it warms up.
    func warmingSince(_ index: Int) -> NIODeadline? {
        servers.indices.contains(index) ? servers[index].warmingSince : nil
    }

    /// As many requests in a row have failed as `settings` says.
    mutating func failed(_ index: Int, now: NIODeadline) {
        guard servers.indices.contains(index), servers[index].outUntil == nil else { return }
        let doublings = min(servers[index].timesOut, 16)
        let pause = min(settings.outFor.nanoseconds << Int64(doublings), settings.maxOutFor.nanoseconds)
        servers[index].timesOut += 1
        servers[index].outUntil = now + .nanoseconds(pause)
        settle(now)
    }

    /// A request that came after failed ones has been answered.
    mutating func succeeded(_ index: Int) {
        guard servers.indices.contains(index) else { return }
        servers[index].timesOut = 0
    }

    /// It has been asked whether it is well.
    mutating func checked(_ index: Int, isWell: Bool, now: NIODeadline) {
        guard servers.indices.contains(index) else { return }
        if isWell != servers[index].failsChecks {
            servers[index].checksInARow = 0
        } else {
            servers[index].checksInARow += 1
            if servers[index].checksInARow >= (isWell ? settings.goodChecks : settings.failedChecks) {
                servers[index].failsChecks = !isWell
                servers[index].checksInARow = 0
            }
        }
        settle(now)
    }

    /// Time has passed.
    mutating func tick(now: NIODeadline) {
        settle(now)
    }

    private mutating func settle(_ now: NIODeadline) {
        for index in servers.indices {
            if let until = servers[index].outUntil, now >= until { servers[index].outUntil = nil }
            let isBad = servers[index].outUntil != nil || servers[index].failsChecks
            if !isBad {
                servers[index].badSince = nil
            } else if servers[index].badSince == nil {
                servers[index].badSince = now
            }
            if let since = servers[index].warmingSince, now - since >= settings.slowStart {
                servers[index].warmingSince = nil
            }
        }
        let bad = servers.indices.filter { servers[$0].badSince != nil }
            .sorted { (servers[$0].badSince ?? now, $0) < (servers[$1].badSince ?? now, $1) }
        let out = Set(bad.prefix(maxOut))
        for index in servers.indices {
            let wasOut = servers[index].isOut
            servers[index].isOut = out.contains(index)
            if wasOut, !servers[index].isOut { servers[index].warmingSince = now }
            if servers[index].isOut { servers[index].warmingSince = nil }
        }
    }
}

extension HealthMachine.Settings {
    /// For app instances.
    init(_ settings: UpstreamSettings) {
        self.init()
        failures = settings.failures
        outFor = TimeAmount(settings.outFor)
        slowStart = TimeAmount(settings.slowStart)
    }
}
