import RegionRouter
import TenantDirectory

/// What the app says of itself, in `atlassian-connect.json` or `manifest.yml`: validated, and reduced to what the
/// gateway needs. The text is kept, so that the descriptor can be served with all else as it was.
struct Declaration: Sendable {
    enum Framework: String, Sendable {
        /// A Connect descriptor.
        case connect
        /// A Forge manifest, with or without Connect modules.
        case forge
    }

    let framework: Framework
    /// The file or URL it was read from, for complaints.
    let source: String
    let text: String
    /// The Connect app key; `nil` for an app that is Forge alone.
    var appKey: String?
    /// The Forge app's ARI, where the manifest has it.
    var forgeAppID: String?
    /// The key of the remote that stands for the gateway.
    var remoteKey: String?
    /// `baseUrl`, or a remote's `default`.
    var baseURL: WebAddress
    var regionBaseURLs: [Region: WebAddress] = [:]
    /// Relative to the base URL.
    var lifecyclePaths: [LifecycleEvent: String] = [:]
    /// What the host calls: pages of the modules (GET) and webhooks (POST), relative to the base URL.
    var declaredCalls: [DeclaredCall] = []
    /// The key of the manifest's `migration:dataResidency` module.
    var migrationKey: String?
    /// The app's own path for the residency hooks.
    var migrationPath: String?
    var maxMigrationDurationHours: Double?
    /// Where each field stands.
    var places: [String: Complaint.Place] = [:]

    /// Where somebody finds a field, or at least the file.
    func place(of field: String) -> Complaint.Place { places[field] ?? .file(source) }
}
