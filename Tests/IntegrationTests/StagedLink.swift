import TenantDirectory

@testable import ResidencyGateway

/// The way to nodes on which a test stands: it decides what becomes of each question, and of its answer.
struct StagedLink: HoldLink {
    typealias Ask = @Sendable () async -> HoldAnswer?

    let link: PeerHoldLink
    /// Asks, or does not, and gives the answer that is heard.
    let stage: @Sendable (NodeRecord, HoldQuestion, Ask) async -> HoldAnswer?

    func ask(_ node: NodeRecord, _ question: HoldQuestion, within timeout: Duration) async -> HoldAnswer? {
        await stage(node, question) { await link.ask(node, question, within: timeout) }
    }
}
