import Logging
import TenantDirectory

/// What was decided stays so, whatever a store forgets.
extension MigrationRunner {
    /// Has the sources say again that the tenant has left, where one was set back and says otherwise (H32).
    func recallWhatWasDecided() async {
        guard await ledger.record.phase == .committed else { return }
        do {
            for work in try await works() {
                guard let token = try await forgotten(work) else { continue }
                logger.error(
                    "A store has forgotten that the tenant has left: it was set back. It is told again.",
                    metadata: ["error": "\(work.move.name) in \(work.ticket.source)"])
                try await work.move.source.reassert(work.ticket, epoch: token.epoch, token: token.text)
            }
        } catch {
            logger.debug("A store cannot be asked whether it knows what was decided.", metadata: ["error": "\(error)"])
        }
    }

    /// Whether any source has forgotten it.
    /// - Throws: where one cannot be asked.
    func hasForgotten() async throws -> Bool {
        for work in try await works() where try await forgotten(work) != nil { return true }
        return false
    }

    /// By what the source is to be told again; `nil` where it knows, or where the target is not open.
    private func forgotten(_ work: MoveWork) async throws -> (epoch: Int64, text: String)? {
        guard let here = try await work.move.source.standing(work.ticket),
            here.claim.state != .moved, here.claim.state != .purging
        else { return nil }
        guard let there = try await work.move.target.standing(work.ticket), there.claim.state == .open,
            let token = there.claim.token, there.claim.epoch > here.claim.epoch
        else { return nil }
        return (there.claim.epoch - 1, token)
    }
}
