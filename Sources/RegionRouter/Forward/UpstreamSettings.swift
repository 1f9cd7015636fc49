/// How the servers that requests are sent to are looked after.
package struct UpstreamSettings: Sendable {
    /// What app instances are asked for: a 2xx or 3xx says that one is well. `nil` for a connection alone.
    package var checkPath: String?
    /// `nil` for no checks.
    package var checkInterval: Duration? = .seconds(5)
    /// For the whole of it.
    package var checkTimeout = Duration.seconds(2)
    /// Requests in a row that fail by an app instance before it is put out.
    package var failures = 5
    /// For how long, the first time.
    package var outFor = Duration.seconds(10)
    /// How long an app instance that comes back takes to warm up.
    package var slowStart = Duration.seconds(30)
    /// How often host names are looked up again.
    package var lookupInterval = Duration.seconds(30)

    package init() {}
}
