import RegionRouter
import TenantDirectory

/// What the gateway's own endpoints know of the app and the host's ways.
struct HostEndpointSettings: Sendable {
    /// The Connect app key, which every lifecycle body must name.
    var appKey: String
    /// The Forge app's ARI; where there is one, an `installed` with both names joins them.
    var forgeAppID: String?
    /// Hosts that may install the app: what the host name of `baseUrl` ends in.
    var hostSuffixes: [String]
    /// Where tenants are placed that arrive at the plain base URL.
    var defaultRegion: Region
    /// How long after `uninstalled` a tenant keeps its region.
    var reinstallWindow: Duration
    /// How long the secret before the last is honoured.
    var previousSecretFor: Duration
}
