import Foundation
import TenantDirectory

/// Makes the calls of the contract to one region's app, and tells what did not come back as it must.
///
/// 1. Each call is signed, and bounded in time and in bytes.
/// 2. An instance that cannot be reached is followed by the next: every call of the contract can be repeated.
/// 3. What an app says is never taken on trust: a status, a field or a body that the contract does not know is
///    `.badAnswer`, and a word of its own becomes part of a message only where it is short and printable.
struct StoreCaller: Sendable {
    let store: String
    let region: Region
    let urls: [String]
    let limits: HTTPStoreLimits
    private let authentication: Authentication
    private let client: OutboundClient
    private let wallClock: @Sendable () -> Int64

    private enum Authentication: Sendable {
        case signature(HMACKey)
        case bearer(Secret)
        /// The secret is empty: no call is made.
        case none
    }

    init(
        _ settings: HTTPStoreSettings, region: Region, client: OutboundClient,
        wallClock: @escaping @Sendable () -> Int64
    ) {
        self.store = settings.name
        self.region = region
        self.urls = settings.urls[region] ?? []
        self.limits = settings.limits
        self.authentication =
            switch settings.credential {
            case .signature(let secret): HMACKey(secret).map { .signature($0) } ?? .none
            case .bearer(let secret): secret.isEmpty ? .none : .bearer(secret)
            }
        self.client = client
        self.wallClock = wallClock
    }

    /// What a message begins with: whose answer it is about.
    func place(_ operation: StoreOperation) -> String { "store \(store) in \(region), \(operation.rawValue)" }

    func bad(_ operation: StoreOperation, _ what: String) -> MigrationError {
        MigrationError(.badAnswer, "\(place(operation)): the app \(what), which the contract does not allow")
    }

    /// - Parameters:
    ///   - extra: added to the time the call has: what the app has been asked to wait for.
    ///   - fields: sent beside those that sign the call.
    /// - Returns: a 2xx answer.
    func call(
        _ operation: StoreOperation, _ query: StoreQuery, body: [UInt8] = [], type: String = "application/json",
        extra: Duration = .zero, fields: [(name: String, value: String)] = []
    ) async throws(MigrationError) -> OutboundResponse {
        if case .none = authentication {
            throw MigrationError(.blocked, "\(place(operation)): the store's secret is empty; no call is made")
        }
        var last = MigrationError(
            .blocked, "\(place(operation)): the configuration names no URL of the app for this region")
        for url in urls {
            let answer: OutboundResponse
            do throws(OutboundError) {
                answer = try await client.fetch(request(operation, at: url, query, body, type, extra, fields))
            } catch {
                last = failure(error, operation)
                // A connection that could not be made has brought nothing to the app; anything else is the caller's to
                // try again.
                guard error.code == .unreachable || error.code == .unresolved else { throw last }
                continue
            }
            return try check(answer, operation)
        }
        throw last
    }

    /// A 2xx answer that is JSON of one shape.
    func json<Value: Decodable>(
        _ operation: StoreOperation, _ query: StoreQuery, body: [UInt8] = [], extra: Duration = .zero,
        as type: Value.Type
    ) async throws(MigrationError) -> Value {
        let answer = try await call(operation, query, body: body, extra: extra)
        do {
            return try JSONDecoder().decode(type, from: Data(answer.body))
        } catch {
            throw bad(operation, "answered with JSON that is not of the shape it has to be")
        }
    }

    // MARK: Requests

    private func request(
        _ operation: StoreOperation, at url: String, _ query: StoreQuery, _ body: [UInt8], _ type: String,
        _ extra: Duration, _ fields: [(name: String, value: String)]
    ) -> OutboundRequest {
        let full = "\(url)/\(operation.rawValue)\(query.text)"
        var fields = fields
        if !body.isEmpty { fields.append(("Content-Type", type)) }
        switch authentication {
        case .signature(let key):
            let time = wallClock()
            let signature = StoreCallSignature.sign(
                method: operation.method, target: Self.target(of: full), time: time, body: body, key: key)
            fields += [(StoreCallSignature.timeField, "\(time)"), (StoreCallSignature.signatureField, signature)]
        case .bearer(let secret):
            fields.append(("Authorization", "Bearer \(String(decoding: secret.bytes, as: UTF8.self))"))
        case .none: break
        }
        return OutboundRequest(
            url: full, method: operation.method, headers: fields, body: body,
            maxBytes: operation.movesRows ? limits.maxBatchBytes : limits.maxAnswerBytes,
            timeout: (operation.movesRows ? limits.batchTimeout : limits.callTimeout) + extra)
    }

    /// Path and query.
    private static func target(of url: String) -> String {
        guard let scheme = url.range(of: "://"), let slash = url[scheme.upperBound...].firstIndex(of: "/") else {
            return "/"
        }
        return String(url[slash...])
    }

    // MARK: Answers

    private func failure(_ error: OutboundError, _ operation: StoreOperation) -> MigrationError {
        let code: MigrationError.Code =
            switch error.code {
            case .badURL, .badRequest, .refusedAddress, .untrusted: .blocked
            case .oversized, .redirected, .brokenAnswer: .badAnswer
            case .busy, .cancelled, .stopped, .unresolved, .unreachable, .timeout, .failed: .unavailable
            }
        return MigrationError(code, "\(place(operation)): \(error.message)", cause: error)
    }

    private func check(
        _ answer: OutboundResponse, _ operation: StoreOperation
    ) throws(MigrationError) -> OutboundResponse {
        if answer.isSuccess { return answer }
        let said = StoreRefusal(answer.body)
        let words = said.map { ": \($0.message)" } ?? ""
        switch answer.status {
        case 401, 403:
            throw MigrationError(
                .blocked,
                "\(place(operation)): the app refuses the gateway's signature (\(answer.status)\(words)); the secret "
                    + "must be the app's, and the clocks agree to \(StoreCallSignature.leewaySeconds) s")
        case 404, 405, 501:
            throw MigrationError(
                .blocked,
                "\(place(operation)): the app does not answer this call (\(answer.status)\(words)); see "
                    + "config/store-contract.yaml, and the URL of the store")
        case 409, 422, 423:
            guard let said, let code = said.migrationCode else {
                throw bad(operation, "refused with \(answer.status) and no code of the contract")
            }
            throw MigrationError(code, "\(place(operation)): \(said.message)")
        case 408, 425, 429, 500...599:
            throw MigrationError(.unavailable, "\(place(operation)): the app answered \(answer.status)\(words)")
        default: throw bad(operation, "answered \(answer.status)")
        }
    }
}
