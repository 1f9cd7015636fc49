/// What the sample app shows of one request: who it is for, where it was answered, and the tenant's data.
struct SampleView: Sendable {
    let instance: String
    let region: String?
    let epoch: String?
    let tenant: String
    let identifiedBy: String?
    let requestID: String?
    let summary: SampleSummary

    var json: JSONValue {
        let texts = [
            "instance": instance, "region": region, "epoch": epoch, "tenant": tenant, "identifiedBy": identifiedBy,
            "requestId": requestID, "site": summary.site, "product": summary.product,
            "installedAt": summary.installedAt,
        ]
        var members = texts.compactMapValues { $0.map { JSONValue.text($0) } }
        members["visits"] = .number(summary.visits)
        members["webhooks"] = .number(summary.webhooks)
        members["notes"] = .array(summary.notes.map { .text($0) })
        return .object(members)
    }
}
