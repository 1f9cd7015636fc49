/// What becomes of a configuration that is read again while the gateway serves. Pure.
struct ReloadPlan: Sendable {
    /// What is to be in force: the new one, with the old values of the keys that need a restart.
    let configuration: GatewayConfiguration
    /// Keys that have changed and take effect now.
    let taken: [String]
    /// Keys that have changed and take effect at the next start.
    let deferred: [String]

    /// - Parameters:
    ///   - old: the one in force.
    ///   - new: what was read.
    init(from old: GatewayConfiguration, to new: GatewayConfiguration, keys: [ConfigurationKey] = ConfigurationKey.all)
    {
        var configuration = new
        var (taken, deferred): ([String], [String]) = ([], [])
        for key in keys where old.given[key.path] != new.given[key.path] {
            if key.isReloaded {
                taken.append(key.path)
            } else {
                deferred.append(key.path)
                key.copy(old, &configuration)
                // Compared again the next time: it is still not in force.
                configuration.given[key.path] = old.given[key.path]
            }
        }
        self.configuration = configuration
        self.taken = taken
        self.deferred = deferred
    }
}
