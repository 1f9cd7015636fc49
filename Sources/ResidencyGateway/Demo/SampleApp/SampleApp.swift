import Hummingbird
import NIOCore

/// A tiny Connect app that knows nothing of regions: one HTTP server, one database. It believes what the gateway in
/// front of it says about the tenant, and shows it.
struct SampleApp: Sendable {
    static let key = "com.example.residency-sample"

    /// How the instance calls itself.
    let name: String
    let store: any SampleStore
    /// How its data moves; `nil` for an app that takes no part in that.
    var contract: SampleContract?

    func server(host: String = "127.0.0.1", port: Int) -> SmallServer {
        SmallServer(router: router(), host: host, port: port, name: "sample-app")
    }

    private func router() -> Hummingbird.Router<BasicRequestContext> {
        let router = Hummingbird.Router()
        router.get("/") { request, _ in
            Response.text(SamplePage.index(name: name), type: "text/html; charset=utf-8", headers: marks(request))
        }
        router.get("/atlassian-connect.json") { request, _ in
            let host = request.head.authority ?? "localhost"
            return Response.json(SampleDescriptor.value(baseURL: "http://\(host)", regionBaseURLs: [:]))
        }
        for event in ["installed", "uninstalled", "enabled", "disabled"] {
            router.post("/\(event)") { request, _ in try await lifecycle(event, request) }
        }
        router.get("/panel") { request, _ in try await panel(request) }
        router.post("/webhooks/issue-created") { request, _ in
            do { try await store.countWebhook(of: try tenant(request)) } catch is SampleMoving { return moving() }
            return Response(status: .noContent, headers: marks(request))
        }
        router.get("/api/notes") { request, _ in try await notes(request) }
        router.post("/api/notes") { request, _ in
            let body = try await JSONValue(bytes(request))
            guard let text = body?["text"]?.text, !text.isEmpty, text.utf8.count <= 1_000 else {
                return Response.json(["error": "a note needs a text of at most 1000 bytes"], status: .badRequest)
            }
            do { try await store.addNote(text, of: try tenant(request)) } catch is SampleMoving {
                return moving()
            }
            return try await notes(request)
        }
        router.post("/forge") { request, _ in try await forge(request) }
        router.post("/forge/events") { request, _ in try await forge(request) }
        contract?.add(to: router)
        return router
    }

    // MARK: Answers

    private func lifecycle(_ event: String, _ request: Request) async throws -> Response {
        guard let body = try await JSONValue(bytes(request)), let tenant = body["clientKey"]?.text else {
            return Response.json(["error": "not a lifecycle body"], status: .badRequest)
        }
        do {
            try await store.record(
                event, tenant: tenant, site: body["baseUrl"]?.text, product: body["productType"]?.text)
        } catch is SampleMoving {
            return moving()
        }
        return Response(status: .noContent, headers: marks(request))
    }

    private func panel(_ request: Request) async throws -> Response {
        let tenant = try tenant(request)
        try await store.countVisit(of: tenant)
        let view = SampleView(
            instance: name, region: field(request, "x-residency-region"), epoch: field(request, "x-residency-epoch"),
            tenant: tenant, identifiedBy: field(request, "x-residency-identified-by"),
            requestID: field(request, "x-request-id"), summary: try await store.summary(of: tenant))
        if (request.headers[.accept] ?? "").contains("application/json") {
            return .json(view.json, headers: marks(request))
        }
        return .text(SamplePage.panel(view), type: "text/html; charset=utf-8", headers: marks(request))
    }

    private func notes(_ request: Request) async throws -> Response {
        let summary = try await store.summary(of: try tenant(request))
        return .json(["notes": .array(summary.notes.map { .text($0) })], headers: marks(request))
    }

    private func forge(_ request: Request) async throws -> Response {
        let tenant = try tenant(request)
        try await store.countVisit(of: tenant)
        let summary = try await store.summary(of: tenant)
        return .json(
            [
                "instance": .text(name), "region": .text(field(request, "x-residency-region") ?? ""),
                "tenant": .text(tenant), "calls": .number(summary.visits),
            ], headers: marks(request))
    }

    /// What must not be written now is asked for again.
    private func moving() -> Response {
        var headers = HTTPFields()
        headers[.retryAfter] = "1"
        return Response.json(
            ["error": "The data of this site is being moved."], status: .serviceUnavailable, headers: headers)
    }

    // MARK: Requests

    private func tenant(_ request: Request) throws -> String {
        guard let tenant = field(request, "x-residency-tenant") else {
            throw HTTPError(.unauthorized, message: "This app believes the gateway alone, and it named no tenant.")
        }
        return tenant
    }

    private func field(_ request: Request, _ name: String) -> String? {
        HTTPFields.Element.Name(name).flatMap { request.headers[$0] }
    }

    private func bytes(_ request: Request) async throws -> [UInt8] {
        Array(try await request.body.collect(upTo: 64 * 1024).readableBytesView)
    }

    /// Says who answered, for whoever watches.
    private func marks(_ request: Request) -> HTTPFields {
        var fields = HTTPFields()
        if let instance = HTTPFields.Element.Name("X-Answered-By") { fields[instance] = name }
        if let mark = HTTPFields.Element.Name("X-Answered-By-Region"), let region = field(request, "x-residency-region")
        {
            fields[mark] = region
        }
        return fields
    }
}
