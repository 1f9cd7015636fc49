import RealmMigration

/// What came back of a call of the simulator's, as far as a story tells it.
struct HostAnswerSeen: Sendable {
    let call: HostCallMade
    let response: OutboundResponse
    let elapsed: Duration

    var status: Int { response.status }
    /// The gateway's word for a refusal.
    var refusal: String? { response.header("x-residency-error") }
    /// Which region's instance answered; the sample app says so.
    var region: String? { response.header("x-answered-by-region") }
    var json: JSONValue? { JSONValue(response.body) }

    /// For scripts.
    var report: JSONValue {
        var members: [String: JSONValue] = [
            "call": .text(call.title), "method": .text(call.method), "status": .number(status),
            "milliseconds": .double(Double(elapsed.wholeMicroseconds) / 1_000),
        ]
        if let refusal { members["refusal"] = .text(refusal) }
        if let region { members["region"] = .text(region) }
        members["body"] = json ?? .text(String(response.text.prefix(2_000)))
        return .object(members)
    }
}

extension Duration {
    /// Microseconds, rounded down.
    var wholeMicroseconds: Int {
        Int(components.seconds) * 1_000_000 + Int(components.attoseconds / 1_000_000_000_000)
    }
}
