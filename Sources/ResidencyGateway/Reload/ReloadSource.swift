/// What a process that can read its configuration again is made with.
struct ReloadSource: Sendable {
    /// Reads file and environment.
    let read: @Sendable () throws(Complaints) -> LoadedConfiguration
    /// Hears what came of each reload.
    let told: @Sendable (Reloader.Outcome) -> Void
    /// What `log.level` sets.
    let threshold: LogThreshold
}
