import Foundation
import Logging
package import RegionRouter
import TenantDirectory

/// The calls that the gateway answers itself, or acts on before and after the app answers (design §3.2, §4).
///
/// 1. The descriptor is served as it was made at start.
/// 2. A lifecycle callback is verified first; what does not verify reaches neither the store nor the app.
/// 3. `installed` is stored beside what is in force, forwarded, and takes effect when the app answers 2xx; otherwise
///    the tenant is as it was. The others take effect on a 2xx too.
/// 4. The host hears of success after the record is on disk.
/// 5. A residency hook is answered by ``MigrationHooks``.
package struct GatewayEndpoints: HostEndpoints {
    let settings: HostEndpointSettings
    let descriptor: HostResponse?
    let verifier: LifecycleTokenVerifier
    let keys: any PublicKeySource
    let directory: Directory
    let hooks: MigrationHooks
    let logger: Logger
    /// Seconds since 1970.
    let wallClock: @Sendable () -> Int64

    private static let actor = "host"

    package func answer(_ call: HostCall) async -> HostAnswer {
        switch call.kind {
        case .descriptor:
            guard let descriptor else {
                return .refuse(RouterError(.notFound, "This app has no Connect descriptor to serve."))
            }
            return .respond(descriptor)
        case .migration(let step): return await hooks.answer(call, step)
        case .lifecycle(let event):
            do throws(RouterError) {
                guard call.method == "POST" else {
                    throw RouterError(.methodNotAllowed, "Lifecycle callbacks are POST requests.")
                }
                return try await answer(call, event)
            } catch {
                note(error, event, call)
                return .refuse(error)
            }
        }
    }

    private func answer(_ call: HostCall, _ event: LifecycleEvent) async throws(RouterError) -> HostAnswer {
        let token = try verifier.read(call, event: event)
        let body = try LifecycleBody(call.body, event: event)
        guard body.clientKey == token.issuer else {
            throw LifecycleBody.wrong("clientKey", "is not the \"iss\" of the token")
        }
        guard body.key == settings.appKey else { throw LifecycleBody.wrong("key", "is not the key of this app") }
        if let baseURL = body.baseURL, !baseURL.ends(inOneOf: settings.hostSuffixes) {
            throw LifecycleBody.wrong("baseUrl", "is of a host that connect.hostSuffixes does not name")
        }
        let alias = TenantAlias(.connect, app: settings.appKey, name: body.clientKey)
        switch event {
        case .installed:
            try await verify(token, body)
            if let id = call.actedOnFor { return try await passOn(id, alias) }
            return try await install(alias, body, call)
        case .uninstalled:
            try await verify(token, body)
            if let id = call.actedOnFor { return try await passOn(id, alias) }
            // The frameworks answer 204 for a tenant they do not know, and the host takes that as done.
            guard
                let tenant = try await ask({ () throws(DirectoryError) in
                    try await directory.freshTenant(.alias(alias))
                })
            else {
                return .respond(HostResponse(status: 204, body: []))
            }
            return forward(tenant, to: .uninstalled, call)
        case .enabled, .disabled:
            let tenant = try await verifiedTenant(alias, token)
            if call.actedOnFor != nil { return Self.passOn(tenant) }
            return forward(tenant, to: event == .enabled ? .enabled : .disabled, call)
        }
    }

    // MARK: Verifying

    /// `installed` and `uninstalled`: the host's own key pair.
    private func verify(_ token: LifecycleToken, _ body: LifecycleBody) async throws(RouterError) {
        guard let kid = token.keyID else { throw RouterError(.malformedToken, "The token has no \"kid\".") }
        let query = PublicKeyQuery.install(kid: kid, hostName: body.baseURL?.hostName ?? "")
        let key: RSAPublicKey
        if let cached = keys.cached(query) { key = cached } else { key = try await keys.key(query) }
        try verifier.verify(token, key: key, now: wallClock())
    }

    /// `enabled` and `disabled`: the shared secret, asked for once more past the cache before the call is refused.
    private func verifiedTenant(_ alias: TenantAlias, _ token: LifecycleToken) async throws(RouterError) -> Tenant {
        let known = try await ask { () throws(DirectoryError) in try await directory.tenant(.alias(alias)) }
        if let known, known.state.isServed {
            do throws(RouterError) {
                try verifier.verify(token, keys: TenantKeys(known), now: wallClock())
                return known
            } catch {
                guard error.code == .badSignature else { throw error }
            }
        }
        let fresh = try await ask { () throws(DirectoryError) in try await directory.freshTenant(.alias(alias)) }
        guard let fresh, fresh.state != .pending else {
            throw RouterError(.unknownTenant, "The token's tenant is not known here.")
        }
        guard fresh.state != .uninstalled else {
            throw RouterError(.uninstalled, "The token's tenant has uninstalled the app.")
        }
        try verifier.verify(token, keys: TenantKeys(fresh), now: wallClock())
        return fresh
    }

    // MARK: Acting

    private func install(
        _ alias: TenantAlias, _ body: LifecycleBody, _ call: HostCall
    ) async throws(RouterError) -> HostAnswer {
        guard let secret = body.sharedSecret, let baseURL = body.baseURL else {
            throw LifecycleBody.wrong("sharedSecret", "is missing")
        }
        var aliases = [alias]
        if let name = body.installationID, let app = settings.forgeAppID {
            aliases.append(TenantAlias(.forge, app: app, name: name))
        }
        let called = call.endpoint.region
        let install = Install(
            aliases: aliases, secret: secret, hostBaseURL: baseURL.text, product: body.productType,
            cloudID: body.cloudID, region: called == .global ? settings.defaultRegion : called, hostRealm: called,
            reinstallWindow: settings.reinstallWindow)
        let attempt = try await ask { () throws(DirectoryError) in
            try await directory.beginInstall(install, actor: Self.actor)
        }
        return .forward(
            HostForward(tenant: attempt.tenant) { outcome in await finish(attempt, outcome, call.requestID) })
    }

    /// The app has answered an `installed`.
    private func finish(_ attempt: InstallAttempt, _ outcome: AppOutcome, _ requestID: String) async -> RouterError? {
        guard outcome.isSuccess else {
            do throws(DirectoryError) {
                try await directory.abandonInstall(attempt, actor: Self.actor)
            } catch {
                logger.warning("an install that the app refused could not be taken back", metadata: metadata(error))
            }
            log("the app refused an install", attempt.tenant, requestID)
            return nil
        }
        do throws(DirectoryError) {
            let tenant = try await directory.completeInstall(
                attempt, keepPreviousFor: settings.previousSecretFor, actor: Self.actor)
            log("installed", tenant, requestID)
            return nil
        } catch {
            logger.error("an install that the app took could not be stored", metadata: metadata(error))
            return Self.refusal(error)
        }
    }

    /// Forwards, and records the state when the app has answered 2xx.
    private func forward(_ tenant: Tenant, to state: Tenant.State, _ call: HostCall) -> HostAnswer {
        .forward(
            HostForward(tenant: tenant) { outcome in
                guard outcome.isSuccess else {
                    log("the app refused \(state.rawValue)", tenant, call.requestID)
                    return nil
                }
                do throws(DirectoryError) {
                    let changed = try await directory.setState(state, of: tenant.id, actor: Self.actor)
                    log(state.rawValue, changed, call.requestID)
                    return nil
                } catch {
                    logger.error("a lifecycle callback could not be stored", metadata: metadata(error))
                    return Self.refusal(error)
                }
            })
    }

    /// Another node keeps the record of this call; here it is forwarded to the app instance, and no more.
    private func passOn(_ id: TenantID, _ alias: TenantAlias) async throws(RouterError) -> HostAnswer {
        let tenant = try await ask { () throws(DirectoryError) in try await directory.freshTenant(.id(id)) }
        guard let tenant, tenant.aliases.contains(alias) else {
            throw RouterError(
                .directoryUnavailable, origin: .directory,
                "The record that another node has made for this call is not known here yet; try again.",
                retryAfterSeconds: 2)
        }
        return Self.passOn(tenant)
    }

    private static func passOn(_ tenant: Tenant) -> HostAnswer { .forward(HostForward(tenant: tenant) { _ in nil }) }

    // MARK: Directory

    private func ask<Value: Sendable>(
        _ question: () async throws(DirectoryError) -> Value
    ) async throws(RouterError) -> Value {
        do throws(DirectoryError) {
            return try await question()
        } catch {
            logger.warning("the directory did not answer a lifecycle callback", metadata: metadata(error))
            throw Self.refusal(error)
        }
    }

    static func refusal(_ error: DirectoryError) -> RouterError {
        switch error.code {
        case .unavailable, .busy:
            RouterError(
                .directoryUnavailable, origin: .directory, "The directory cannot be written to now; try again.",
                retryAfterSeconds: 5)
        case .conflict:
            // Joining two tenants of different regions, or an install that a later one has replaced: the message says
            // which and holds no secret.
            RouterError(.badBody, "The install cannot be recorded: \(error.message)")
        case .unknownTenant: RouterError(.unknownTenant, "The tenant is not known here any more.")
        case .notADirectory, .newerSchema, .wrongKey, .badImport:
            RouterError(
                .internalFault, origin: .directory, "The directory is not usable; the gateway's log says why.",
                retryAfterSeconds: 60)
        }
    }

    // MARK: Logging

    private func log(_ what: String, _ tenant: Tenant, _ requestID: String) {
        logger.info(
            "lifecycle: \(what)",
            metadata: [
                "tenant": "\(tenant.id)", "region": "\(tenant.placement.region)", "state": "\(tenant.state.rawValue)",
                "request": "\(requestID)",
            ])
    }

    private func note(_ error: RouterError, _ event: LifecycleEvent, _ call: HostCall) {
        logger.notice(
            "lifecycle: \(event.rawValue) refused",
            metadata: [
                "code": "\(error.code.rawValue)", "detail": "\(error.detail)", "request": "\(call.requestID)",
                "called": "\(call.endpoint.region)",
            ])
    }

    private func metadata(_ error: DirectoryError) -> Logger.Metadata { ["error": "\(error)"] }
}
