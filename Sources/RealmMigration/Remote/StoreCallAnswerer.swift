import TenantDirectory

/// Answers the calls of other nodes for the stores that this one reaches.
package struct StoreCallAnswerer: Sendable {
    private let stores: StoreSet

    package init(_ stores: StoreSet) { self.stores = stores }

    /// - Returns: always an answer; what was wrong is one, too.
    package func answer(_ bytes: [UInt8]) async -> StoreAnswerFrame {
        do throws(MigrationError) {
            let call = try StoreCall(bytes)
            guard let target = stores.target(call.head.store, in: call.head.region) else {
                throw MigrationError(
                    .blocked,
                    "Store \(call.head.store) has no URL for \(call.head.region) in the configuration of its node.")
            }
            return StoreAnswerFrame(try await answer(call, target))
        } catch {
            return StoreAnswerFrame(.init(failure: .init(code: error.code, message: error.description)))
        }
    }

    private func answer(
        _ call: StoreCall, _ target: any TargetStore
    ) async throws(MigrationError) -> StoreAnswerFrame.Head {
        let (head, ticket) = (call.head, call.head.ticket)
        var answer = StoreAnswerFrame.Head()
        switch head.act {
        case .survey: answer.survey = try await target.survey(ticket, mode: try given(head.mode))
        case .standing: answer.standing = try await target.standing(ticket)
        case .schemaState: answer.schemaState = try await target.schemaState(ticket)
        case .probe: answer.probe = try await target.probe(ticket, writing: head.token)
        case .claim: answer.claim = try await target.claim(ticket)
        case .prepare: try await target.prepare(ticket, mode: try given(head.mode))
        case .cursors: answer.cursors = try await target.cursors(ticket)
        case .apply: answer.text = try await target.apply(ticket, try batch(call))
        case .digests:
            answer.digests = try await target.digests(ticket, of: try given(head.requests), key: call.payload)
        case .rowHashes:
            let request = try given(head.requests?.first)
            answer.hashes = try await target.rowHashes(
                ticket, of: request, part: try given(head.part), key: call.payload)
        case .seal: answer.text = try await target.seal(ticket, epoch: try given(head.epoch))
        case .open: try await target.open(ticket, epoch: try given(head.epoch), token: try given(head.token))
        case .unseal: try await target.unseal(ticket)
        case .finish: try await target.finish(ticket)
        case .cleanUp: try await target.cleanUp(ticket)
        case .watchMark: answer.text = try await target.watchMark(ticket)
        }
        return answer
    }

    private func batch(_ call: StoreCall) throws(MigrationError) -> StoreBatch {
        let named = try given(call.head.batch)
        return StoreBatch(
            lane: named.lane, before: named.before, after: named.after, isLast: named.isLast, rows: named.rows,
            payload: call.payload)
    }

    private func given<Value>(_ value: Value?) throws(MigrationError) -> Value {
        guard let value else {
            throw MigrationError(.badAnswer, "A call of another node does not say all that it must.")
        }
        return value
    }
}
