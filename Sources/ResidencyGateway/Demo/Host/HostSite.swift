/// A site of the host's on which an app is, or was, installed.
struct HostSite: Codable, Sendable, Equatable {
    /// The first part of its host name.
    var name: String
    var clientKey: String
    var sharedSecret: String
    /// The secret before the last rotation.
    var previousSecret: String?
    var baseUrl: String
    var productType: String
    var cloudId: String
    /// Its name as a Forge installation.
    var installationId: String
    /// The base URL of the app that was called to install it: the region the host has pinned it to.
    var appBaseUrl: String?

    /// A site with new names and secret.
    static func random(named name: String, product: String = "jira") -> HostSite {
        let path = product == "confluence" ? "/wiki" : ""
        return HostSite(
            name: name, clientKey: HostNames.uuid(), sharedSecret: HostNames.secret(), previousSecret: nil,
            baseUrl: "https://\(name).atlassian.net\(path)", productType: product, cloudId: HostNames.uuid(),
            installationId: "ari:cloud:ecosystem::installation/\(HostNames.uuid())", appBaseUrl: nil)
    }
}
