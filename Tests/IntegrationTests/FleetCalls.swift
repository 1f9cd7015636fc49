import Dispatch
import Synchronization
import TestSupport
import Testing

/// Clients that call for the tenant over and over, one at each node, each call with a name of its own; and what the
/// app instances have got of it.
final class FleetCalls: Sendable {
    private struct Call {
        let path: String
        /// The status, and the code where the gateway has answered.
        let answer: String
    }

    private let calls = Mutex<[Call]>([])
    private let isOver = Flag()
    private let end = DispatchSemaphore(value: 0)
    /// Between two calls of a client: the machine has other things to do.
    private static let pause = DispatchTimeInterval.milliseconds(3)

    func stop() {
        isOver.set()
        for _ in FleetSite.names { end.signal() }
    }

    /// What was answered, apart from what the app has: statuses and codes.
    var refusals: Set<String> { calls.withLock { Set($0.map(\.answer)).subtracting(["200"]) } }

    /// Paths of those that were answered by the app.
    private var answered: [String] { calls.withLock { $0.filter { $0.answer == "200" }.map(\.path) } }

    /// Calls one node until ``stop()``; on a new connection where one breaks, as when its node dies.
    func run(_ site: FleetSite, _ name: String) async {
        var count = 0
        while !isOver.isSet {
            guard let node = await site.running(name) else { return }
            guard let socket = try? FleetSite.connect(node) else { continue }
            do {
                while !isOver.isSet, end.wait(timeout: .now() + Self.pause) == .timedOut {
                    count += 1
                    let path = "/echo/\(name)/\(count)"
                    try socket.send(FleetSite.request("POST", path, body: "x"))
                    let response = try socket.receiveResponse()
                    let code = response.field("x-residency-error").map { " " + $0 } ?? ""
                    calls.withLock { $0.append(Call(path: path, answer: "\(response.status)\(code)")) }
                }
            } catch { continue }
        }
    }

    /// Notes in an instance's own log that from here on it has no business with the tenant at this epoch or before.
    /// What was sent to it earlier has been read by then: each of its event loops has answered since.
    static func settle(_ instance: ScriptedInstance, epoch: Int64) async throws {
        try await BlockingExecutor.run {
            for path in ["/settling", "/settling", "/settling", "/settled/\(epoch)"] {
                let socket = try RawSocket(port: instance.port)
                try socket.send("GET \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                _ = try socket.receiveResponse()
            }
        }
    }

    /// Holds the logs of the instances against where the tenant lived.
    /// - Parameters:
    ///   - epochs: those at which it was served by each.
    func check(_ instances: [(instance: ScriptedInstance, epochs: Set<Int>)]) {
        var counts: [String: Int] = [:]
        for (instance, epochs) in instances {
            var settled = 0
            for (path, epoch) in Self.log(of: instance) {
                if let epoch {
                    #expect(epochs.contains(epoch), "\(instance.name) got \(path) of an epoch of elsewhere: \(epoch)")
                    #expect(epoch > settled, "\(instance.name) got \(path) after the barrier of epoch \(settled)")
                    counts[path, default: 0] += 1
                } else if path.hasPrefix("/settled/") {
                    settled = Int(path.dropFirst("/settled/".count)) ?? .max
                }
            }
        }
        for (path, count) in counts where !path.hasPrefix("/echo/after") {
            #expect(count == 1, "\(path) was sent \(count) times")
        }
        for path in answered { #expect(counts[path] == 1, "\(path) was answered, and nobody got it") }
        #expect(!answered.isEmpty)
    }

    /// The paths of the calls that an instance has got, and the epoch that each was admitted with; `nil` for one of the
    /// test's own.
    private static func log(of instance: ScriptedInstance) -> [(path: String, epoch: Int?)] {
        instance.requests.compactMap { request in
            guard let path = request.split(separator: " ").dropFirst().first else { return nil }
            let mark = "X-Residency-Epoch: "
            let line = request.split(separator: "\r\n").first { $0.hasPrefix(mark) }
            return (String(path), line.flatMap { Int($0.dropFirst(mark.count)) })
        }
    }
}
