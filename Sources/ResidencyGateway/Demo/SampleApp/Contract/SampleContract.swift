import Foundation
import Hummingbird
import NIOCore
import RealmMigration
import TenantDirectory

/// The sample app's side of `config/store-contract.yaml`, under `/residency`.
struct SampleContract: Sendable {
    static let path = "/residency"
    /// Bytes of a body, at most.
    private static let maxBody = 16 << 20
    /// How often changes are looked for while a call waits for some.
    private static let pollEvery = Duration.milliseconds(20)

    let store: SQLiteSampleStore
    let key: HMACKey

    /// - Returns: `nil` for an empty secret: everybody could sign with it.
    init?(store: SQLiteSampleStore, secret: Secret) {
        guard let key = HMACKey(secret) else { return nil }
        self.store = store
        self.key = key
    }

    func add(to router: Hummingbird.Router<BasicRequestContext>) {
        for operation in StoreOperation.allCases {
            let method: HTTPRequest.Method = operation.method == "GET" ? .get : .post
            router.on("\(Self.path)/\(operation.rawValue)", method: method) { request, _ in
                let body = Array(try await request.body.collect(upTo: Self.maxBody).readableBytesView)
                return try await answer(operation, request, body)
            }
        }
    }

    private func answer(_ operation: StoreOperation, _ request: Request, _ body: [UInt8]) async throws -> Response {
        guard isSigned(request, body) else {
            return .json(["code": "unsigned", "message": "The call is not the gateway's."], status: .unauthorized)
        }
        do {
            let target = request.head.path ?? ""
            let query = target.firstIndex(of: "?").map { target[target.index(after: $0)...] } ?? ""
            return try await perform(operation, try SampleMove(query), request, body)
        } catch let refusal as SampleRefusal {
            return .json(
                ["code": .text(refusal.code.rawValue), "message": .text(refusal.message)], status: .conflict)
        }
    }

    private func isSigned(_ request: Request, _ body: [UInt8]) -> Bool {
        guard let signature = field(request, StoreCallSignature.signatureField),
            let time = field(request, StoreCallSignature.timeField).flatMap({ Int64($0) })
        else { return false }
        return StoreCallSignature.isValid(
            signature, method: request.method.rawValue, target: request.head.path ?? "", time: time, body: body,
            key: key, now: Int64(Date().timeIntervalSince1970))
    }

    private func field(_ request: Request, _ name: String) -> String? {
        HTTPFields.Element.Name(name).flatMap { request.headers[$0] }
    }

    private func perform(
        _ operation: StoreOperation, _ move: SampleMove, _ request: Request, _ body: [UInt8]
    ) async throws -> Response {
        switch operation {
        case .survey: return .json(try await store.survey(move))
        case .claim: return .json(try await store.claim(move))
        case .prepare: try await store.prepare(move)
        case .collections: return .json(try await store.collections(move))
        case .export: return outgoing(try await store.export(move))
        case .cursors: return .json(try await store.cursors(move))
        case .import:
            guard field(request, Self.checksumField) == SHA256.hexDigest(of: body) else {
                throw SampleRefusal(.differs, "the batch is not that of its checksum")
            }
            return .json(try await store.take(move, body))
        case .changes: return try await changes(move)
        case .lag: return .json(try await store.lag(move))
        case .confirm: try await store.confirm(move)
        case .changed: return .json(try await store.changed(move))
        case .digests: return .json(try await store.digests(move, body))
        case .rows: return .json(try await store.rowHashes(move, body))
        case .freeze: try await store.freeze(move)
        case .mark: return .json(try await store.mark(move))
        case .seal: return .json(try await store.seal(move))
        case .decide: return .json(try await store.decide(move, body))
        case .open: try await store.open(move, body)
        case .unseal: try await store.unseal(move)
        case .purge: return .json(try await store.purge(move))
        case .finish: try await store.finish(move)
        case .clean: try await store.cleanUp(move)
        }
        return Response(status: .noContent)
    }

    private func changes(_ move: SampleMove) async throws -> Response {
        let clock = ContinuousClock()
        let deadline = clock.now + .milliseconds(min(30_000, max(0, try move.number("wait"))))
        while true {
            if let rows = try await store.changes(move) { return outgoing(rows) }
            guard clock.now < deadline else { return Response(status: .noContent) }
            try await Task.sleep(for: Self.pollEvery, clock: clock)
        }
    }

    private static let checksumField = "X-Residency-Checksum"

    private func outgoing(_ rows: SQLiteSampleStore.Outgoing) -> Response {
        var headers = HTTPFields()
        let fields = [
            ("X-Residency-After", rows.after), ("X-Residency-Last", "\(rows.isLast)"),
            ("X-Residency-Rows", "\(rows.rows)"), (Self.checksumField, SHA256.hexDigest(of: rows.body)),
        ]
        for (name, value) in fields { HTTPFields.Element.Name(name).map { headers[$0] = value } }
        headers[.contentType] = "application/x-ndjson"
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: rows.body)))
    }
}
