import Foundation
import RealmMigration

/// Makes the calls of a ``HostMigration``, in the host's time or faster.
struct HostMigrationRun: Sendable {
    let simulator: HostSimulator
    let caller: HostCaller
    let site: HostSite
    /// The path of the hooks.
    let prefix: String
    let baseURL: String
    let target: String
    /// The host's name of the migration.
    let id: Int
    /// Of a Forge app; `nil` for Connect.
    let appID: String?
    /// By how much the host's clock is faster: five minutes take five minutes divided by it.
    let speed: Double
    let window: Duration

    /// - Parameter show: told of each answer, as it comes.
    func run(
        rollsBack: Bool = false, show: @Sendable (HostMigration.Step, HostAnswerSeen?) async -> Void
    ) async throws -> HostMigration.Outcome {
        let clock = ContinuousClock()
        let (begin, length) = (Date(), window / speed)
        let end = clock.now + length
        var migration = HostMigration(rollsBack: rollsBack)
        var action = HostMigration.Action.call(.schedule)
        while true {
            switch action {
            case .call(let step):
                let seen = try? await caller.send(call(step, begin, length))
                await show(step, seen)
                action = migration.take(answer(seen), to: step, isOver: clock.now >= end)
            case .wait(let duration, let step):
                let rest = max(.zero, clock.now.duration(to: end))
                try await Task.sleep(
                    for: step == .status ? min(duration / speed, rest) : duration / speed, clock: clock)
                action = .call(step)
            case .ended(let outcome): return outcome
            }
        }
    }

    private func call(_ step: HostMigration.Step, _ begin: Date, _ length: Duration) throws -> HostCallMade {
        func time(_ date: Date) -> JSONValue {
            .text(date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
        }
        let end = begin.addingTimeInterval(Double(length.wholeMilliseconds) / 1_000)
        let body: JSONValue? =
            switch step {
            case .schedule, .start:
                [
                    "startTime": time(begin), "endTime": time(end), "location": .text(target),
                    "migrationId": .number(id),
                ]
            case .status: nil
            case .commit, .rollback: ["migrationId": .number(id)]
            }
        return try simulator.hook(
            step.rawValue, site: site, prefix: prefix, baseURL: baseURL,
            parameters: step == .status ? [("migrationId", "\(id)")] : [], body: body, appID: appID)
    }

    private func answer(_ seen: HostAnswerSeen?) -> HostMigration.Answer {
        HostMigration.Answer(
            status: seen?.status ?? 0, code: seen?.json?["errorResponseCode"]?.text,
            word: seen?.json?["status"]?.text)
    }
}
