/// The way to all nodes, from one of them: it answers itself in the process, which has no socket to itself, and perhaps
/// no listener for others.
package struct NodeHoldLink: HoldLink {
    private let own: NodeRecord.Identity
    private let agent: HoldAgent
    private let others: any HoldLink

    package init(own: NodeRecord.Identity, agent: HoldAgent, others: any HoldLink) {
        self.own = own
        self.agent = agent
        self.others = others
    }

    package func ask(_ node: NodeRecord, _ question: HoldQuestion, within timeout: Duration) async -> HoldAnswer? {
        guard node.identity == own else { return await others.ask(node, question, within: timeout) }
        // What it waits for has bounds of its own: the drain, and the store's time-outs.
        return await agent.answer(question)
    }
}
