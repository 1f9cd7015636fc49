import TenantDirectory
import TestSupport
import Testing

@testable import RealmMigration

/// An answer that the contract does not allow, to a call that brings it, and what must come of it.
struct HTTPStoreLie: Sendable, CustomTestStringConvertible {
    typealias Act = @Sendable (HTTPSourceStore, HTTPTargetStore, MoveTicket) async throws -> Void

    let name: String
    let answer: ScriptedServer.Answer
    let code: MigrationError.Code
    let act: Act

    init(
        name: String, answer: ScriptedServer.Answer, code: MigrationError.Code = .badAnswer, act: @escaping Act
    ) {
        self.name = name
        self.answer = answer
        self.code = code
        self.act = act
    }

    var testDescription: String { name }

    static func rows(
        _ body: String, after: String = "2", last: String = "false", rows: String = "1", checksum: String? = nil
    ) -> ScriptedServer.Answer {
        .http(
            200, body,
            fields: [
                "X-Residency-After: \(after)", "X-Residency-Last: \(last)", "X-Residency-Rows: \(rows)",
                "X-Residency-Checksum: \(checksum ?? SHA256.hexDigest(of: Array(body.utf8)))",
            ])
    }

    private static func export(_ name: String, _ answer: ScriptedServer.Answer) -> HTTPStoreLie {
        HTTPStoreLie(name: name, answer: answer) { source, _, ticket in
            _ = try await source.copyBatch(ticket, lane: "notes", after: "1")
        }
    }

    private static func survey(_ name: String, _ body: String) -> HTTPStoreLie {
        HTTPStoreLie(name: name, answer: .http(200, body)) { source, _, ticket in
            _ = try await source.survey(ticket, mode: .live)
        }
    }

    static let all =
        [
            export("rows with another checksum", rows("abc", checksum: String(repeating: "0", count: 64))),
            export("rows without a checksum", .http(200, "abc")),
            export("rows at a cursor that stands still", rows("abc", after: "1")),
            export("rows at a cursor with blanks", rows("abc", after: "a b")),
            export("a number of rows that is none", rows("abc", rows: "-1")),
            export("an end that is neither true nor false", rows("abc", last: "maybe")),
            export("rows that are longer than any may be", rows(String(repeating: "x", count: 5_000))),
            export(
                "an answer that ends in the middle", .bytesThenClose("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")),
            export("no HTTP at all", .bytesThenClose("what?\r\n\r\n")),
            survey("a survey that is no JSON", "<html>"),
            survey("a survey without an id", #"{"storeId":"","schema":"s","fence":true,"collections":[]}"#),
            survey(
                "a collection that is named twice",
                #"{"storeId":"s","schema":"s","fence":true,"collections":[{"name":"a","rows":1,"bytes":1},"#
                    + #"{"name":"a","rows":1,"bytes":1}]}"#),
            survey(
                "a collection of a negative size",
                #"{"storeId":"s","schema":"s","fence":true,"collections":[{"name":"a","rows":-1,"bytes":1}]}"#),
            survey("a survey that is longer than any may be", "\"\(String(repeating: "x", count: 3_000))\""),
            source(
                "a collection that follows none",
                .http(200, #"{"collections":[{"name":"a","rows":1,"bytes":1,"follows":["b"]}]}"#)
            ) { _ = try await $0.lanes($1) },
            source("a last change without a marker", rows("abc", last: "true")) {
                _ = try await $0.changes($1, after: "1", marker: nil, wait: .zero)
            },
            source(
                "a claim of an unknown state",
                .http(200, #"{"state":"x","epoch":1,"generation":1,"attempt":1,"migration":""}"#)
            ) { _ = try await $0.claim($1) },
            source("a decision that is none", .http(200, #"{"decision":"moved"}"#)) {
                _ = try await $0.decide($1, epoch: 8, .moved(token: "token"))
            },
            source("rows left that are fewer than none", .http(200, #"{"left":-1}"#)) {
                _ = try await $0.purge($1, limit: 1)
            },
            target("a token that can be guessed", .http(200, #"{"token":"short"}"#)) {
                _ = try await $0.seal($1, epoch: 8)
            },
            target("an import at another cursor", .http(200, #"{"cursor":"7"}"#)) {
                let batch = StoreBatch(lane: "notes", before: "", after: "2", isLast: false, rows: 1, payload: [1])
                _ = try await $0.apply($1, batch)
            },
            target("digests of something else", .http(200, #"{"digests":[]}"#)) {
                _ = try await $0.digests($1, of: [StoreDigest.Request(table: "notes")], key: [1])
            },
            target(
                "digests with too few parts", .http(200, #"{"digests":[{"name":"notes","rows":1,"sums":["1"]}]}"#)
            ) { _ = try await $0.digests($1, of: [StoreDigest.Request(table: "notes")], key: [1]) },
            source("an answer that never begins", .silence, .unavailable) {
                _ = try await $0.survey($1, mode: .live)
            },
            source(
                "an answer that never ends",
                .bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"), .unavailable
            ) { _ = try await $0.survey($1, mode: .live) },
        ]

    private static func source(
        _ name: String, _ answer: ScriptedServer.Answer, _ code: MigrationError.Code = .badAnswer,
        act: @escaping @Sendable (HTTPSourceStore, MoveTicket) async throws -> Void
    ) -> HTTPStoreLie {
        HTTPStoreLie(name: name, answer: answer, code: code) { source, _, ticket in try await act(source, ticket) }
    }

    private static func target(
        _ name: String, _ answer: ScriptedServer.Answer,
        act: @escaping @Sendable (HTTPTargetStore, MoveTicket) async throws -> Void
    ) -> HTTPStoreLie {
        HTTPStoreLie(name: name, answer: answer) { _, target, ticket in try await act(target, ticket) }
    }
}
