import NIOCore
import RegionRouter
import TenantDirectory

/// The way to other nodes in the steps of a cutover: over their listeners for peers, at the address in their row.
struct PeerHoldLink: HoldLink {
    let client: PeerClient

    func ask(_ node: NodeRecord, _ question: HoldQuestion, within timeout: Duration) async -> HoldAnswer? {
        guard let address = PeerAddress.of(node) else { return nil }
        let body = ByteBuffer(bytes: HoldQuestionBody.encode(question))
        do throws(RouterError) {
            let answer = try await client.ask(address, "POST", NodeEndpoints.holdPath, body: body, timeout: timeout)
            guard answer.status == 200 else {
                return .unable("It answers with \(answer.status): \(Self.sentence(answer.body))")
            }
            return HoldAnswerBody.decode(Array(answer.body.readableBytesView))
        } catch {
            return nil
        }
    }

    private static func sentence(_ body: ByteBuffer) -> String {
        String(decoding: body.readableBytesView.prefix(512), as: UTF8.self)
    }
}
