package import Logging

/// Makes the coordinators of this node's cutovers: what migrations need of the wiring, and nothing more.
package struct HoldCoordinators: Sendable {
    private let holds: any HoldCoordinator.Holds
    private let link: any HoldLink
    private let maxRequestTime: Duration
    private let logger: Logger

    /// - Parameters:
    ///   - link: the way to every node, this one among them.
    ///   - maxRequestTime: how long an app may work on a request.
    package init(holds: any HoldCoordinator.Holds, link: any HoldLink, maxRequestTime: Duration, logger: Logger) {
        self.holds = holds
        self.link = link
        self.maxRequestTime = maxRequestTime
        self.logger = logger
    }

    /// The settings that a cutover begins with, to be changed where its plan says so.
    package func settings(isFenced: Bool) -> HoldSettings {
        var settings = HoldSettings(isFenced: isFenced)
        settings.maxRequestTime = maxRequestTime
        return settings
    }

    /// - Parameter actor: for the audit: whose cutovers they are.
    package func coordinator(_ settings: HoldSettings, actor: String = "migration") -> HoldCoordinator {
        HoldCoordinator(holds: holds, link: link, settings: settings, actor: actor, logger: logger)
    }
}
