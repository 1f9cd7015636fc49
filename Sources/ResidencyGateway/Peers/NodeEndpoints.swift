import NIOCore
import RealmMigration
import RegionRouter
import TenantDirectory

/// What this node answers other nodes beside the calls they forward.
struct NodeEndpoints: PeerEndpoints {
    /// The change feed as far as this node's mirror has it, in pages.
    static let feedPath = "feed"
    /// Who this node is (``AboutNode``).
    static let aboutPath = "about"

    /// The steps of a cutover.
    static let holdPath = "hold"

    /// Calls for the stores that this node reaches.
    static let storePath = "store"

    let directory: Directory
    let agent: HoldAgent
    let stores: StoreCallAnswerer
    let about: @Sendable () -> NodeRecord

    func answer(_ call: PeerCall) async -> HostResponse {
        switch (call.method, call.path) {
        case ("GET", Self.feedPath): await feed(call.query)
        case ("POST", Self.holdPath): await hold(call.body)
        case ("GET", Self.aboutPath):
            HostResponse(status: 200, contentType: "application/json", body: AboutNode(about()).body)
        case ("POST", Self.storePath): await store(call.body)
        default: Self.text(404, "no such call between nodes")
        }
    }

    /// `after=NUMBER&id=ID&limit=COUNT`
    private func feed(_ query: String) async -> HostResponse {
        var values: [Substring: Substring] = [:]
        for part in query.split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2 { values[pair[0]] = pair[1] }
        }
        guard let sequence = values["after"].flatMap({ Int64($0) }), let id = values["id"],
            let limit = values["limit"].flatMap({ Int($0) }), limit > 0
        else { return Self.text(400, "the feed is asked for by after, id and limit") }
        do throws(DirectoryError) {
            let answer = try await directory.feed(
                after: FeedPosition(sequence: sequence, id: String(id)), limit: limit)
            return HostResponse(status: 200, contentType: "application/json", body: FeedAnswerBody.encode(answer))
        } catch {
            return Self.text(503, error.message)
        }
    }

    /// A question of a cutover, in JSON. The answer may take as long as the drain that is asked for.
    private func hold(_ body: ByteBuffer) async -> HostResponse {
        do throws(DirectoryError) {
            let question = try HoldQuestionBody.decode(Array(body.readableBytesView))
            let answer = HoldAnswerBody.encode(await agent.answer(question))
            return HostResponse(status: 200, contentType: "application/json", body: answer)
        } catch {
            return Self.text(400, error.message)
        }
    }

    /// What is wrong is an answer, too.
    private func store(_ body: ByteBuffer) async -> HostResponse {
        let answer = await stores.answer(Array(body.readableBytesView))
        return HostResponse(status: 200, contentType: "application/octet-stream", body: answer.bytes)
    }

    private static func text(_ status: Int, _ sentence: String) -> HostResponse {
        HostResponse(status: status, contentType: "text/plain", body: Array("\(sentence)\n".utf8))
    }
}
