/// A gateway process as the directory knows it.
package struct NodeRecord: Sendable, Equatable {
    /// One process: a name, and a random word that no other process has. A name that comes again is another process.
    package struct Identity: Sendable, Hashable, CustomStringConvertible {
        package let id: String
        package let incarnation: String

        package init(id: String, incarnation: String) {
            self.id = id
            self.incarnation = incarnation
        }

        /// A process that starts now.
        package init(newProcessOf id: String) {
            self.init(id: id, incarnation: Hexadecimal.lowerCase(SecureRandom.bytes(8)))
        }

        package var description: String { "\(id) (\(incarnation))" }
    }

    package enum State: String, Sendable {
        /// Registered, and reading what it must know before it serves.
        case starting
        case serving
        /// Has stopped in the ordinary way, and has cut requests that app instances may still be working on: the row
        /// goes when that must be over (amendment H4).
        case stopped
        /// Taken away by an operator, and perhaps alive: it counts in every barrier until its time is over.
        case silent
    }

    package var identity: Identity
    package var state: State
    /// Regions whose app instances it may call.
    package var regions: [Region]
    /// Where it listens, by purpose: `listen`, `admin`, `peers`.
    package var addresses: [String: String]
    /// The number up to which it has applied the change feed.
    package var appliedSequence: Int64
    /// Grows while the process lives. Whether it does is judged by who watches, by its own clock.
    package var heartbeat: Int64
    /// Of its program.
    package var version: String
    /// The regions there are, in its view: nodes whose views differ must not move data between them.
    package var regionView: String
    /// Of what all nodes must be told alike.
    package var configurationDigest: String
    /// In milliseconds since 1970, by its own clock: for people.
    package var startedAt: Int64
    /// How far its clock is ahead of the directory's, in milliseconds (``ClockSkew``); `nil` where that is not known.
    package var clockSkew: Int64?

    package init(
        identity: Identity, state: State = .starting, regions: [Region], addresses: [String: String] = [:],
        appliedSequence: Int64 = 0, heartbeat: Int64 = 0, version: String, regionView: String,
        configurationDigest: String, startedAt: Int64, clockSkew: Int64? = nil
    ) {
        self.identity = identity
        self.state = state
        self.regions = regions
        self.addresses = addresses
        self.appliedSequence = appliedSequence
        self.heartbeat = heartbeat
        self.version = version
        self.regionView = regionView
        self.configurationDigest = configurationDigest
        self.startedAt = startedAt
        self.clockSkew = clockSkew
    }
}
