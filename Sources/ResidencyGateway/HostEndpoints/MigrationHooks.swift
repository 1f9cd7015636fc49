import Foundation
import Logging
import RealmMigration
import RegionRouter
import TenantDirectory

/// The host's residency hooks (connect-protocol §2.2, §8.4; amendment H37): verified like every call of the host's,
/// answered by what the journal of migrations says. The work is done elsewhere, by whoever has the lease.
///
/// Everything is answered at once but a `commit`, which waits for the switch, and for no longer than the host does.
struct MigrationHooks: Sendable {
    let identify: IdentifyConfiguration
    let tokenBytes: Int
    /// Where a tenant may be moved to.
    let regions: Set<Region>
    let settings: MigrationHookSettings
    let keys: any PublicKeySource
    let directory: Directory
    let journal: any MigrationStore
    let shelf: RollbackShelf
    let logger: Logger
    /// Seconds since 1970.
    let wallClock: @Sendable () -> Int64

    static let actor = "host"

    func answer(_ call: HostCall, _ step: MigrationStep) async -> HostAnswer {
        do throws(RouterError) {
            guard call.method == step.method else {
                throw RouterError(.methodNotAllowed, "The hook \"\(step.rawValue)\" is asked with \(step.method).")
            }
            let tenant = try await verified(call)
            let body = try HookBody(call, step)
            let answer = try await answer(step, body, tenant)
            logger.info(
                "residency hook: \(step.rawValue)",
                metadata: [
                    "tenant": "\(tenant.id)", "migration": "\(body.name ?? "")", "status": "\(answer.status)",
                    "request": "\(call.requestID)", "called": "\(call.endpoint.region)",
                ])
            return .respond(answer)
        } catch {
            logger.notice(
                "residency hook: \(step.rawValue) refused",
                metadata: [
                    "code": "\(error.code.rawValue)", "detail": "\(error.detail)", "request": "\(call.requestID)",
                    "called": "\(call.endpoint.region)",
                ])
            return .refuse(error)
        }
    }

    // MARK: Who calls

    private func verified(_ call: HostCall) async throws(RouterError) -> Tenant {
        let identifier = HookIdentifier(call, identify, tokenBytes: tokenBytes)
        let now = wallClock()
        switch try identifier.caller(now: now) {
        case .connect(let key, let claim):
            if let known = try await tenant(key, isFresh: false), known.state.isServed {
                do throws(RouterError) {
                    try identifier.verify(claim, keys: TenantKeys(known), now: now)
                    return known
                } catch {
                    guard error.code == .badSignature else { throw error }
                }
            }
            let fresh = try served(try await tenant(key, isFresh: true))
            try identifier.verify(claim, keys: TenantKeys(fresh), now: now)
            return fresh
        case .forge(let key, let claim):
            let signer: RSAPublicKey
            if let cached = keys.cached(claim.keyQuery) {
                signer = cached
            } else {
                signer = try await keys.key(claim.keyQuery)
            }
            try identifier.verify(claim, key: signer, now: now)
            if let known = try await tenant(key, isFresh: false), known.state.isServed { return known }
            return try served(try await tenant(key, isFresh: true))
        }
    }

    private func tenant(_ key: TenantKey, isFresh: Bool) async throws(RouterError) -> Tenant? {
        try await ask { () throws(DirectoryError) in
            isFresh ? try await directory.freshTenant(key) : try await directory.tenant(key)
        }
    }

    private func served(_ tenant: Tenant?) throws(RouterError) -> Tenant {
        guard let tenant, tenant.state != .pending else {
            throw RouterError(.unknownTenant, "The token's tenant is not known here.")
        }
        guard tenant.state != .uninstalled else {
            throw RouterError(.uninstalled, "The token's tenant has uninstalled the app.")
        }
        return tenant
    }

    // MARK: What is done

    private func answer(
        _ step: MigrationStep, _ body: HookBody, _ tenant: Tenant
    ) async throws(RouterError) -> HostResponse {
        guard settings.isSupported else { return Self.refusal(.migrationsUnsupported) }
        if step == .rollback { return try await rollBack(tenant.id, body.name) }
        // What is on the shelf is as good as done.
        if step == .commit, shelf.holds(tenant.id, body.name) { return Self.refusal(.other) }
        // A schedule that takes the place of another is asked twice.
        for _ in 0..<3 {
            let decision = HookDecision(try await ground(tenant.id), name: body.name)
            let action =
                switch step {
                case .schedule: body.window.map { decision.schedule($0) } ?? .refuse(.other)
                case .start: decision.start()
                case .status: decision.status()
                case .commit: decision.commit()
                case .rollback: decision.rollback()
                }
            if let answer = try await perform(action, step, body, tenant) { return answer }
        }
        return Self.refusal(.other)
    }

    /// - Returns: `nil` where the journal has to be looked at again.
    private func perform(
        _ action: HookDecision.Action, _ step: MigrationStep, _ body: HookBody, _ tenant: Tenant
    ) async throws(RouterError) -> HostResponse? {
        switch action {
        case .succeed: return Self.success
        case .report(let status): return Self.report(status)
        case .refuse(let refusal): return Self.refusal(refusal)
        case .wish(let wish, let id):
            guard try await note(wish, of: id) else { return nil }
            return step == .schedule ? nil : Self.success
        case .create(let target, let name, let end): return try await create(target, name, end, tenant.id)
        case .commit(let id, let isNoted):
            if !isNoted, !(try await note(.commit, of: id)) { return nil }
            return try await waitForSwitch(tenant.id, body.name)
        case .confirm(let id, let isNoted):
            if !isNoted { _ = try await note(.keep, of: id) }
            return Self.success
        }
    }

    private func ground(_ id: TenantID) async throws(RouterError) -> HookDecision.Ground {
        let migrations = try await ask { () throws(DirectoryError) in
            try await journal.migrations(MigrationFilter(tenant: id))
        }
        let tenant = try served(try await tenant(.id(id), isFresh: true))
        return HookDecision.Ground(
            migrations: migrations, region: tenant.placement.region, hostRealm: tenant.hostRealm, regions: regions,
            now: wallClock() * 1_000)
    }

    /// - Returns: whether it could be asked for.
    private func note(_ wish: MigrationWish, of id: String) async throws(RouterError) -> Bool {
        do throws(DirectoryError) {
            _ = try await journal.wish(wish, of: id, actor: Self.actor)
            return true
        } catch {
            guard error.code == .conflict else { throw GatewayEndpoints.refusal(error) }
            return false
        }
    }

    private func create(
        _ target: Region, _ name: String, _ end: Int64, _ id: TenantID
    ) async throws(RouterError) -> HostResponse? {
        do throws(DirectoryError) {
            guard let tenant = try await directory.freshTenant(.id(id)) else { return Self.refusal(.other) }
            _ = try await journal.createMigration(
                MigrationRequest(
                    tenant: id, source: tenant.placement.region, target: target,
                    trigger: .host(id: name, windowEnd: end), commit: .manual, startAt: end, atMost: settings.atOnce),
                actor: Self.actor)
            return Self.success
        } catch {
            guard error.code == .conflict else { throw GatewayEndpoints.refusal(error) }
            logger.notice("a migration of the host's was not taken", metadata: ["error": "\(error)"])
            return Self.refusal(.tooMany)
        }
    }

    /// Until the switch, or so long that the host asks again: then it must hear of a failure that it may repeat.
    private func waitForSwitch(_ id: TenantID, _ name: String?) async throws(RouterError) -> HostResponse {
        let clock = ContinuousClock()
        let deadline = clock.now + settings.commitBudget
        while true {
            switch HookDecision(try await ground(id), name: name).commit() {
            case .commit:
                guard clock.now < deadline else {
                    throw RouterError(
                        .moving, origin: .gateway, "The tenant has not been switched yet; commit again.",
                        retryAfterSeconds: 5)
                }
                try? await Task.sleep(for: settings.pollInterval, clock: clock)
            case .confirm(let migration, let isNoted):
                if !isNoted { _ = try await note(.keep, of: migration) }
                return Self.success
            case .refuse(let refusal): return Self.refusal(refusal)
            default: return Self.success
            }
        }
    }

    /// Stored before it is answered: in the journal, or on this node's disk until the journal can be reached.
    private func rollBack(_ id: TenantID, _ name: String?) async throws(RouterError) -> HostResponse {
        do throws(RouterError) {
            try await rollBackNow(id, name)
        } catch {
            guard error.code == .directoryUnavailable else { throw error }
            guard shelf.put(.init(tenant: id, name: name)) else { throw error }
            logger.warning("a rollback was put aside until the directory can be reached", metadata: ["tenant": "\(id)"])
        }
        return Self.success
    }

    /// - Throws: `directoryUnavailable` where it could not be stored.
    func rollBackNow(_ id: TenantID, _ name: String?) async throws(RouterError) {
        // Between a look at the journal and the wish the switch may have been made: then it is another wish.
        for _ in 0..<3 {
            guard case .wish(let wish, let migration) = HookDecision(try await ground(id), name: name).rollback()
            else { return }
            if try await note(wish, of: migration) { return }
        }
    }

    /// - Returns: whether the journal has it now.
    func takeFromShelf(_ entry: RollbackShelf.Entry) async -> Bool {
        do throws(RouterError) {
            try await rollBackNow(entry.tenant, entry.name)
            return true
        } catch {
            // Of a tenant that is gone there is nothing to bring back.
            return error.code != .directoryUnavailable
        }
    }

    private func ask<Value: Sendable>(
        _ question: () async throws(DirectoryError) -> Value
    ) async throws(RouterError) -> Value {
        do throws(DirectoryError) {
            return try await question()
        } catch {
            throw GatewayEndpoints.refusal(error)
        }
    }

    // MARK: Answers

    private static let success = HostResponse(status: 200, body: Array("{}".utf8))

    private static func refusal(_ refusal: HookRefusal) -> HostResponse {
        HostResponse(status: 409, body: Array(#"{"errorResponseCode":"\#(refusal.rawValue)"}"#.utf8))
    }

    private static func report(_ status: HookDecision.Status) -> HostResponse {
        let body =
            switch status {
            case .notStarted: #"{"status":"not-started"}"#
            case .inProgress: #"{"status":"in-progress"}"#
            case .readyToCommit: #"{"status":"ready-to-commit"}"#
            case .failed(let refusal): #"{"status":"failed","errorResponseCode":"\#(refusal.rawValue)"}"#
            }
        return HostResponse(status: 200, body: Array(body.utf8))
    }
}
