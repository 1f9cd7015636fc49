/// What an `installed` said, while the app has not answered it.
struct PendingInstall: Sendable {
    let attempt: String
    let secret: [UInt8]
    let hostBaseURL: String
    let product: String?
    let cloudID: String?
    let hostRealm: Region
    /// Where the tenant is placed once it is installed; `nil` where it stays.
    let newRegion: Region?
    /// Names the tenant gets once it is installed.
    var aliases: [TenantAlias]
}
