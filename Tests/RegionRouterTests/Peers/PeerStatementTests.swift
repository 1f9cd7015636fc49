import TenantDirectory
import TestSupport
import Testing

@testable import RegionRouter

@Suite("What a node says to its peer")
struct PeerStatementTests {
    private static let tenant = RouterFixture.tenant("site", in: "US", id: 3, epoch: 9)

    private static func value(of line: [UInt8]) -> String {
        let text = String(decoding: line, as: UTF8.self)
        return String(text.drop { $0 != " " }.dropFirst().filter { !$0.isNewline })
    }

    @Test("is read as it was written", arguments: [nil, StatedPlacement(tenant)], [0, 120])
    func roundTrip(placement: StatedPlacement?, waited: Int) throws {
        var said = PeerStatement(
            hops: 2, sender: "eu-1", target: PeerFixture.usRegion, placement: placement, client: "2001:db8::1",
            scheme: "https")
        said.waitedMilliseconds = waited
        said.isActedOn = placement != nil
        let heard = try PeerStatement(
            line: Self.value(of: said.tenantLine),
            origin: Self.value(of: PeerStatement.originLine(client: said.client, scheme: said.scheme)))
        #expect(heard == said)
    }

    @Test(
        "is refused where a gateway would not write it so",
        arguments: [
            "", "hop=1", "hop=0;from=a;to=US", "hop=3;from=a;to=US", "hop=x;from=a;to=US", "hop=1;from=;to=US",
            "hop=1;from=a;to=us", "hop=1;from=a;to=US;tenant=1",
            "hop=1;from=a;to=US;tenant=00000000000000070000000000000003;region=US;state=serving;epoch=-1;change=1",
            "hop=1;from=a;to=US;tenant=00000000000000070000000000000003;region=GLOBAL;state=serving;epoch=1;change=1",
            "hop=1;from=a;to=US;tenant=00000000000000070000000000000003;region=US;state=away;epoch=1;change=1",
        ])
    func malformed(line: String) {
        #expect(throws: RouterError.self) { try PeerStatement(line: line, origin: "client=192.0.2.1;scheme=http") }
    }

    @Test(
        "names the client and the scheme, or is refused", arguments: ["", "client=;scheme=http", "client=a;scheme=ftp"])
    func malformedOrigin(origin: String) {
        #expect(throws: RouterError.self) { try PeerStatement(line: "hop=1;from=a;to=US", origin: origin) }
    }
}

@Suite("The way to a region")
struct RegionWayTests {
    private static let eu = PeerFixture.euRegion
    private static let us = PeerFixture.usRegion
    private static let decision = RegionDecision(owned: [eu], peers: [us], defaultRegion: eu, nodeID: "eu-1")

    private static func statement(_ sender: String, to target: Region, hops: Int) -> PeerStatement {
        PeerStatement(hops: hops, sender: sender, target: target, placement: nil)
    }

    @Test("leads to the app instance where the node owns the region, whoever has passed the call on")
    func own() throws {
        #expect(try Self.decision.way(to: Self.eu, after: nil) == .own)
        #expect(try Self.decision.way(to: Self.eu, after: Self.statement("us-1", to: Self.us, hops: 2)) == .own)
    }

    @Test("leads to a peer for a call of a client, and for one that a peer has passed on once")
    func peer() throws {
        #expect(try Self.decision.way(to: Self.us, after: nil) == .peer)
        #expect(try Self.decision.way(to: Self.us, after: Self.statement("us-1", to: Self.eu, hops: 1)) == .peer)
    }

    @Test("leads to no third node: the call waits for news")
    func third() throws {
        guard
            case .wait(let error) = try Self.decision.way(
                to: Self.us, after: Self.statement("de-1", to: Self.eu, hops: 2))
        else {
            Issue.record("it went on")
            return
        }
        #expect(error.code == .peerLoop && error.status == 508)
    }

    @Test("leads nowhere for a peer that takes this node for one that owns the region")
    func wrongRegion() {
        #expect(throws: RouterError.self) {
            try Self.decision.way(to: Self.us, after: Self.statement("de-1", to: Self.us, hops: 1))
        }
    }

    @Test("leads nowhere when the node has reached itself")
    func itself() {
        #expect(throws: RouterError.self) {
            try Self.decision.way(to: Self.us, after: Self.statement("eu-1", to: Self.us, hops: 1))
        }
    }
}
