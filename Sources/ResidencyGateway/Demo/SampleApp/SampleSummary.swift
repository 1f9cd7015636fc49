/// What the sample app's page shows of a tenant.
struct SampleSummary: Sendable, Equatable {
    var site: String?
    var product: String?
    var installedAt: String?
    var visits: Int
    var webhooks: Int
    /// The last ones, the newest first.
    var notes: [String]
}
