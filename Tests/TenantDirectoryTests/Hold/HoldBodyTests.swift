import Testing

@testable import TenantDirectory

@Suite("A question of a cutover between nodes")
struct HoldBodyTests {
    private static let eu = Region("EU") ?? .global
    private static let us = Region("US") ?? .global
    private static let tenant = TenantID(high: 7, low: 1)
    private static let hold = TenantHold(
        tenant: tenant, migration: "m-1", change: "c", epoch: 8, sequence: 12, source: eu)

    @Test(
        "arrives as it was asked",
        arguments: [
            HoldQuestion.traffic(tenant, target: us),
            .hold(hold, DrainRule(budget: .milliseconds(1_234), isFenced: true), target: us),
            .hold(
                TenantHold(
                    tenant: tenant, migration: "m", change: "c", epoch: 2, sequence: 3, source: eu, state: .moving),
                DrainRule(isFenced: false, passesReads: true), target: us),
            .release(tenant, Placement(region: us, epoch: 9, state: .serving), sequence: 13),
        ])
    func question(_ question: HoldQuestion) throws {
        let arrived = try HoldQuestionBody.decode(HoldQuestionBody.encode(question))
        #expect(arrived == question)
        #expect(question.tenant == Self.tenant)
    }

    @Test("is answered as it was answered")
    func answers() {
        var traffic = TenantTraffic()
        for index in 0..<20 {
            traffic.add(.init(name: "POST /\(index)", age: .milliseconds(index), isSafe: index.isMultiple(of: 2)))
        }
        traffic.streams = 3
        let standing = HoldStanding(age: .milliseconds(77), target: .down)
        let node = NodeRecord.Identity(id: "eu-1", incarnation: "ab")
        let answers: [HoldAnswer] = [
            .traffic(traffic, knownEpoch: 7, standing), .acknowledged(node, standing), .inTheWay(["GET /a"]), .ahead(9),
            .released, .unable("It cannot."),
        ]
        for answer in answers { #expect(HoldAnswerBody.decode(HoldAnswerBody.encode(answer)) == answer) }
    }

    @Test(
        "is refused in words where it is not as it should be",
        arguments: [
            ("", "JSON"), ("[]", "JSON"), (#"{"kind":"other","tenant":"x"}"#, "JSON"),
            (#"{"kind":"traffic","tenant":"x","target":"US"}"#, "`tenant`"),
            (#"{"kind":"traffic","tenant":"T","target":"us east"}"#, "`target`"),
            (#"{"kind":"traffic","tenant":"T","target":"GLOBAL"}"#, "`target`"),
            (#"{"kind":"release","tenant":"T","region":"US","sequence":1}"#, "`epoch`"),
            (#"{"kind":"release","tenant":"T","region":"US","epoch":-1,"sequence":1}"#, "`epoch`"),
            (#"{"kind":"hold","tenant":"T","region":"EU","target":"US","epoch":1,"sequence":1}"#, "`drainMicros`"),
            (#"{"kind":"hold","tenant":"T","drainMicros":1}"#, "`isFenced`"),
            (
                #"{"kind":"hold","tenant":"T","drainMicros":1,"isFenced":true,"passesReads":false,"state":"serving"}"#,
                "`state`"
            ),
            (
                #"{"kind":"hold","tenant":"T","drainMicros":1,"isFenced":true,"passesReads":true,"state":"held","migration":""}"#,
                "`migration`"
            ),
            (#"{"kind":"hold","tenant":"T","drainMicros":9000000000,"isFenced":true}"#, "ten minutes"),
        ])
    func refusals(_ text: String, _ said: String) {
        let body = text.replacing("\"T\"", with: "\"\(Self.tenant)\"")
        do throws(DirectoryError) {
            let question = try HoldQuestionBody.decode(Array(body.utf8))
            Issue.record("was taken: \(question)")
        } catch {
            #expect(error.message.contains(said))
        }
    }

    @Test(
        "is not taken for answered by what is no answer",
        arguments: [
            "", #"{"kind":"acknowledged"}"#, #"{"kind":"ahead"}"#, #"{"kind":"inTheWay"}"#, #"{"kind":"unable"}"#,
            #"{"kind":"acknowledged","node":"a","incarnation":"b","ageMicros":-1,"target":"well"}"#,
            #"{"kind":"acknowledged","node":"a","incarnation":"b","ageMicros":1,"target":"fine"}"#,
            #"{"kind":"traffic","epoch":1,"ageMicros":1,"target":"well"}"#,
        ])
    func noAnswers(_ text: String) { #expect(HoldAnswerBody.decode(Array(text.utf8)) == nil) }

    @Test("is bounded in length, in either direction")
    func bounds() {
        let long =
            [UInt8](repeating: UInt8(ascii: " "), count: HoldAnswerBody.maxBytes) + Array(#"{"kind":"released"}"#.utf8)
        #expect(HoldAnswerBody.decode(long) == nil)
        let many = HoldAnswer.inTheWay((0..<1_000).map { "GET /\($0)" })
        guard case .inTheWay(let paths)? = HoldAnswerBody.decode(HoldAnswerBody.encode(many)) else {
            Issue.record("the answer is lost")
            return
        }
        #expect(paths.count == 64)
    }
}
