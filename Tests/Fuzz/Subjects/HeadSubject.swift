@testable import RegionRouter
import TenantDirectory
import TestSupport

/// A head: scanned whole and in pieces, read as a request and as a response, and asked for its tenant.
struct HeadSubject {
    // libFuzzer calls from one thread, one input at a time.
    nonisolated(unsafe) static var shared = HeadSubject()

    private let identifier: Identifier
    private var request = RequestHead()
    private var response = ResponseHead()
    private let endpoint = PublicEndpoint.sample(basePath: "/app")
    private let keys = TenantKeys(
        current: HMACKey(Secret("secret")), previous: HMACKey(Secret("old")), previousUntil: 2)
    private let limits: HTTPLimits

    private init() {
        var limits = HTTPLimits()
        limits.headBytes = 8_192
        limits.headFields = 24
        limits.targetBytes = 2_048
        self.limits = limits
        let configuration = IdentifyConfiguration(
            appKey: "app", forgeAppID: "ari:app",
            lifecyclePaths: [.installed: "/installed", .uninstalled: "/uninstalled"],
            declaredCalls: [
                DeclaredCall(method: "GET", path: "/page"), DeclaredCall(method: "GET", path: "/i/{issue.key}/v-{x}"),
                DeclaredCall(method: "POST", path: "/hook"),
            ],
            routes: [
                TenantRoute(path: "/o/*", source: .query("state")), TenantRoute(path: "/h/{tenant}/in", source: .path),
                TenantRoute(path: "/x/*", source: .header("x-tenant")),
                TenantRoute(path: "/*", source: .bearerClaim("tenant")),
            ],
            cookie: TenantCookieConfiguration(key: Secret("cookie"), lifetime: .seconds(60)))
        identifier = Identifier(configuration, tokenBytes: 4_096)
    }

    mutating func take(_ bytes: UnsafeRawBufferPointer) -> CInt {
        guard let first = bytes.first else { return 0 }
        let head = UnsafeRawBufferPointer(rebasing: bytes[1...])
        let (whole, lines) = scan(head, pieces: max(1, head.count))
        rule(whole == scan(head, pieces: Int(first % 13) + 1).outcome, "a head is the same in pieces")
        guard case .success(.complete(let end)) = whole else { return 0 }
        readRequest(UnsafeRawBufferPointer(rebasing: head[..<end]), lines, end)
        readResponse(UnsafeRawBufferPointer(rebasing: head[..<end]), lines, end)
        return 0
    }

    private func scan(
        _ head: UnsafeRawBufferPointer, pieces: Int
    ) -> (outcome: Result<HeadScanner.Progress, RouterError>, lines: HeadScanner) {
        var scanner = HeadScanner()
        var count = 0
        while true {
            count = min(count + pieces, head.count)
            let part = UnsafeRawBufferPointer(rebasing: head[..<count])
            let outcome = Result { () throws(RouterError) in try scanner.scan(part, limits: limits) }
            if case .success(.incomplete) = outcome, count < head.count { continue }
            return (outcome, scanner)
        }
    }

    private mutating func readRequest(_ head: UnsafeRawBufferPointer, _ lines: HeadScanner, _ end: Int) {
        do throws(RouterError) {
            try request.read(head, lines: lines, end: end, limits: limits)
        } catch {
            rule(error.origin == .client, "a bad request is the client's")
            return
        }
        rule(head[request.path.lowerBound] == UInt8(ascii: "/"), "a path begins with a slash")
        for place in [
            request.methodRange, request.path, request.query, request.host, request.authorization, request.sessionToken,
            request.requestID, request.traceparent, request.forwardedProto, request.forwardedHost,
        ] + request.cookies + request.forwardedFor {
            rule(place.upperBound <= end, "a place lies in the head")
            rule(!head[place].contains { $0 == 13 || $0 == 10 || $0 == 0 }, "a value holds no line end")
        }
        checkDropped(request.dropped, from: request.fieldsStart, to: end)
        identify(head)
    }

    private mutating func identify(_ head: UnsafeRawBufferPointer) {
        do throws(RouterError) {
            switch try identifier.classify(head, request, at: endpoint, now: 1) {
            case .token(let claim):
                guard case .alias(let alias) = try identifier.key(of: claim) else { return }
                rule(!alias.name.isEmpty, "a tenant has a name")
                try identifier.verify(claim, head, request, at: endpoint, keys: keys, now: 1)
            case .forge(let claim): _ = identifier.details(of: claim)
            case .gateway, .routed, .untenanted: break
            }
        } catch {
            rule(error.origin == .client, "a bad token is the client's")
        }
    }

    private mutating func readResponse(_ head: UnsafeRawBufferPointer, _ lines: HeadScanner, _ end: Int) {
        for method in [RequestHead.Method.get, .head] {
            do throws(RouterError) {
                try response.read(head, lines: lines, end: end, answering: method)
                checkDropped(response.dropped, from: response.fieldsStart, to: end)
            } catch {
                rule(error.origin == .app, "a bad response is the app's")
            }
        }
    }

    private func checkDropped(_ dropped: [Range<Int>], from start: Int, to end: Int) {
        var last = start
        for line in dropped {
            rule(line.lowerBound >= last && line.upperBound <= end, "dropped lines are in order, and in the head")
            last = line.upperBound
        }
    }
}
