import NIOCore
import TenantDirectory
import Testing

@testable import RegionRouter

@Suite("The requests of a tenant in flight on an event loop")
struct InFlightRequestsTests {
    private final class Named: InFlightRequest {
        private let text: String
        override var name: String { text }
        init(_ text: String, isSafe: Bool, at: NIODeadline) {
            self.text = text
            super.init(isSafe: isSafe, admittedAt: at)
        }
    }

    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    @Test("are counted by what they may do, and the oldest are named, those that may write first")
    func counted() {
        var requests = InFlightRequests()
        let read = Named("GET /old", isSafe: true, at: Self.start)
        let write = Named("POST /new", isSafe: false, at: Self.start + .seconds(2))
        let stream = Named("GET /events", isSafe: true, at: Self.start)
        stream.kind = .eventStream
        for request in [read, write, stream] { requests.add(request) }
        let traffic = requests.traffic(now: Self.start + .seconds(3))
        #expect(traffic.safe == 1)
        #expect(traffic.unsafe == 1)
        #expect(traffic.streams == 1)
        #expect(traffic.oldest.map(\.name) == ["POST /new", "GET /old"])
        #expect(traffic.oldest.map(\.age) == [.seconds(1), .seconds(3)])
        requests.remove(read)
        requests.remove(stream)
        #expect(requests.all.count == 1)
        requests.remove(write)
        #expect(requests.traffic(now: Self.start).isEmpty)
    }

    @Test("count after they were cut, until the longest time of the app is over")
    func cut() {
        var requests = InFlightRequests()
        let write = Named("POST /slow", isSafe: false, at: Self.start)
        requests.add(write)
        requests.remove(write)
        requests.noteCut(write, now: Self.start + .seconds(1), until: Self.start + .seconds(61))
        #expect(requests.hasCuts)
        #expect(requests.traffic(now: Self.start + .seconds(60)).oldest.map(\.name) == ["POST /slow"])
        #expect(requests.traffic(now: Self.start + .seconds(61)).isEmpty)
        #expect(!requests.hasCuts)
    }
}
