import Foundation
import TenantDirectory

/// The host as an app sees it: signs lifecycle callbacks, pages, webhooks, context tokens and Forge calls the way Jira
/// and Confluence do. It makes calls; ``HostCaller`` sends them.
struct HostSimulator: Sendable {
    let installKeys: HostKeyPair
    let forgeKeys: HostKeyPair
    /// The app key of the descriptor.
    let appKey: String
    /// Seconds since 1970.
    var now: @Sendable () -> Int = { Int(Date().timeIntervalSince1970) }

    /// How a token of the host's may be wrong.
    enum Flaw: String, Sendable, CaseIterable {
        /// Signed with a secret that is not the site's.
        case forged
        /// Past its time by more than any leeway.
        case expired
        /// Signed for another request.
        case wrongHash
        /// Unsigned: `alg` is `none`.
        case unsigned
    }

    // MARK: Lifecycle

    /// `installed` or `uninstalled`, signed with the host's key pair; `enabled` or `disabled`, with the secret.
    func lifecycle(_ event: String, site: HostSite, path: String, baseURL: String) -> HostCallMade {
        var body: [String: JSONValue] = [
            "key": .text(appKey), "clientKey": .text(site.clientKey), "baseUrl": .text(site.baseUrl),
            "productType": .text(site.productType), "description": .text("Site \(site.name)"),
            "eventType": .text(event), "cloudId": .text(site.cloudId), "serverVersion": "1001", "pluginsVersion": "1.0",
        ]
        if event == "installed" { body["sharedSecret"] = .text(site.sharedSecret) }
        let isSignedByHost = event == "installed" || event == "uninstalled"
        var claims = claims(site, method: "POST", path: path, parameters: [])
        if isSignedByHost { claims["aud"] = [.text(baseURL)] }
        let token =
            isSignedByHost
            ? HostToken.rs256(.object(claims), installKeys)
            : HostToken.hs256(.object(claims), secret: site.sharedSecret)
        return HostCallMade(
            title: event, method: "POST", url: baseURL + path,
            headers: [("Authorization", "JWT \(token)"), ("Content-Type", "application/json")],
            body: JSONValue.object(body).bytes)
    }

    // MARK: Residency hooks

    /// One step of a migration, as the orchestration service calls it: signed with the site's secret, or, for an app
    /// id, with an invocation token of Forge's.
    /// - Parameters:
    ///   - prefix: the path of the hooks, to which the step is added.
    ///   - parameters: of the query; `status` has the migration's name there.
    func hook(
        _ step: String, site: HostSite, prefix: String, baseURL: String,
        parameters: [(name: String, value: String)] = [], body: JSONValue? = nil, appID: String? = nil,
        flaw: Flaw? = nil
    ) throws -> HostCallMade {
        let (method, path) = (step == "status" ? "GET" : "POST", "\(prefix)/\(step)")
        let query = parameters.isEmpty ? "" : "?\(PercentCoding.query(parameters))"
        if let appID {
            var call = try forgeCall(
                site: site, appID: appID, method: method, path: path + query, baseURL: baseURL, body: body ?? [:],
                flaw: flaw)
            if body == nil { call.body = [] }
            call.title = step
            return call
        }
        let token = hostToken(site, method: method, path: path, parameters: parameters, lifetime: 180, flaw: flaw)
        return HostCallMade(
            title: step, method: method, url: baseURL + path + query,
            headers: [("Authorization", "JWT \(token)"), ("Content-Type", "application/json")], body: body?.bytes ?? [])
    }

    // MARK: Calls

    /// A page in an iframe: the token is in the query, with the parameters the host adds.
    func page(
        site: HostSite, path: String, baseURL: String, parameters: [(name: String, value: String)] = [],
        lifetime: Int = 900, flaw: Flaw? = nil
    ) -> HostCallMade {
        let isWiki = site.productType == "confluence"
        let origin = isWiki ? String(site.baseUrl.dropLast("/wiki".count)) : site.baseUrl
        let all =
            [
                ("xdm_e", origin), ("xdm_c", "channel-\(appKey)__panel"), ("cp", isWiki ? "/wiki" : ""),
                ("lic", "active"), ("cv", "1001.0.0-SNAPSHOT"),
            ] + parameters
        let token = hostToken(site, method: "GET", path: path, parameters: all, lifetime: lifetime, flaw: flaw)
        return HostCallMade(
            title: "page", method: "GET", url: "\(baseURL)\(path)?\(PercentCoding.query(all))&jwt=\(token)",
            headers: [], body: [])
    }

    /// A webhook.
    func webhook(
        site: HostSite, path: String, baseURL: String, body: JSONValue, lifetime: Int = 180, flaw: Flaw? = nil
    ) -> HostCallMade {
        let token = hostToken(site, method: "POST", path: path, parameters: [], lifetime: lifetime, flaw: flaw)
        return HostCallMade(
            title: "webhook", method: "POST", url: baseURL + path,
            headers: [
                ("Authorization", "JWT \(token)"), ("Content-Type", "application/json"),
                ("X-Atlassian-Webhook-Identifier", HostNames.uuid()),
            ], body: body.bytes)
    }

    /// A call of the page's own script, with the token that `AP.context.getToken()` gives it.
    func contextCall(
        site: HostSite, method: String = "GET", path: String, baseURL: String, body: JSONValue? = nil
    ) -> HostCallMade {
        var claims = claims(site, method: method, path: path, parameters: [])
        claims["qsh"] = "context-qsh"
        claims["context"] = ["\(site.productType)": ["issue": ["key": "DEMO-1"]]]
        let token = HostToken.hs256(.object(claims), secret: site.sharedSecret)
        var headers = [("Authorization", "JWT \(token)")]
        if body != nil { headers.append(("Content-Type", "application/json")) }
        return HostCallMade(
            title: "context call", method: method, url: baseURL + path, headers: headers, body: body?.bytes ?? [])
    }

    /// A call of Forge's, with an invocation token (connect-protocol §8.3).
    func forgeCall(
        site: HostSite, appID: String, method: String = "POST", path: String, baseURL: String,
        environment: String = "PRODUCTION", body: JSONValue = [:], flaw: Flaw? = nil
    ) throws -> HostCallMade {
        let time = flaw == .expired ? now() - 3_600 : now()
        let claims: JSONValue = [
            "iss": "forge/invocation-token", "aud": .text(appID), "iat": .number(time), "nbf": .number(time),
            "exp": .number(time + 25), "jti": .text(HostNames.uuid()),
            "app": [
                "installationId": .text(site.installationId), "apiBaseUrl": .text("https://api.atlassian.com/ex/jira/"),
                "id": .text(appID), "appVersion": "1.0.0",
                "environment": ["type": .text(environment), "id": .text("ari:cloud:ecosystem::environment/demo")],
                "module": ["type": "core:endpoint", "key": "demo"],
            ],
            "context": ["cloudId": .text(site.cloudId), "siteUrl": .text(site.baseUrl), "moduleKey": "demo"],
        ]
        let pair = flaw == .forged ? HostKeyPair(kid: forgeKeys.kid, key: try HostKeyPair.random().key) : forgeKeys
        return HostCallMade(
            title: "Forge call", method: method, url: baseURL + path,
            headers: [
                ("Authorization", "Bearer \(HostToken.rs256(claims, pair))"), ("Content-Type", "application/json"),
                ("X-B3-TraceId", String(HostNames.uuid().replacing("-", with: "").prefix(16))),
            ], body: body.bytes)
    }

    // MARK: Tokens

    private func hostToken(
        _ site: HostSite, method: String, path: String, parameters: [(name: String, value: String)], lifetime: Int,
        flaw: Flaw?
    ) -> String {
        var claims = claims(
            site, method: method, path: flaw == .wrongHash ? path + "/other" : path, parameters: parameters,
            lifetime: lifetime)
        if flaw == .expired {
            claims["iat"] = .number(now() - 3_600)
            claims["exp"] = .number(now() - 2_700)
        }
        if flaw == .unsigned { return HostToken.unsigned(.object(claims)) }
        return HostToken.hs256(
            .object(claims), secret: flaw == .forged ? HostNames.secret() : site.sharedSecret)
    }

    private func claims(
        _ site: HostSite, method: String, path: String, parameters: [(name: String, value: String)],
        lifetime: Int = 180
    ) -> [String: JSONValue] {
        [
            "iss": .text(site.clientKey), "iat": .number(now()), "exp": .number(now() + lifetime),
            "sub": "557058:4f1d1c5e-demo", "context": [:],
            "qsh": .text(HostToken.queryHash(method: method, path: path, parameters: parameters)),
        ]
    }
}

extension HostToken {
    /// What an attacker hopes for.
    static func unsigned(_ claims: JSONValue) -> String {
        let header: JSONValue = ["typ": "JWT", "alg": "none"]
        return "\(Base64URL.encode(header.bytes)).\(Base64URL.encode(claims.bytes))."
    }
}
