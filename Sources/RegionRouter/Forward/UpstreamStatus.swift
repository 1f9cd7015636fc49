import Synchronization
package import TenantDirectory

/// What is known of one server that requests are sent to, for operators.
package struct UpstreamStatus: Sendable, Equatable {
    package let region: Region
    /// Host name and port.
    package let authority: String
    /// A node that owns the region, and not an app instance.
    package let isPeer: Bool
    /// Requests go elsewhere while there is an elsewhere.
    package let isOut: Bool
    /// What the last check of it said; `nil` before the first, and for peers.
    package let isWell: Bool?
    /// Requests that it may be working on.
    package let outstanding: Int

    package init(region: Region, authority: String, isPeer: Bool, isOut: Bool, isWell: Bool?, outstanding: Int) {
        self.region = region
        self.authority = authority
        self.isPeer = isPeer
        self.isOut = isOut
        self.isWell = isWell
        self.outstanding = outstanding
    }

    init(_ region: Region, _ server: UpstreamServer) {
        let lastCheck = server.lastCheck.load(ordering: .relaxed)
        self.init(
            region: region, authority: server.address.authority, isPeer: server.kind == .peer,
            isOut: server.isOut.load(ordering: .relaxed), isWell: lastCheck == 0 ? nil : lastCheck == 1,
            outstanding: max(0, server.outstanding.load(ordering: .relaxed)))
    }
}
