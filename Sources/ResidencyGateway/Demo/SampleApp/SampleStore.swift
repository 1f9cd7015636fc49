/// The sample app's own data, in its own database. It knows one region: its own, without knowing which.
protocol SampleStore: Sendable {
    /// A lifecycle callback.
    func record(_ event: String, tenant: String, site: String?, product: String?) async throws

    func countVisit(of tenant: String) async throws

    func countWebhook(of tenant: String) async throws

    func addNote(_ text: String, of tenant: String) async throws

    func summary(of tenant: String) async throws -> SampleSummary
}
