/// The bounds of the directory in memory.
package struct DirectoryLimits: Sendable {
    /// Records held; about 900 bytes each.
    package var cachedTenants = 200_000
    /// Loads of the store at a time; past it a question is answered `.busy`.
    package var parallelLoads = 1_024
    /// Callers that wait for a load of another; past it `.busy`.
    package var waiters = 20_000
    /// Keys of which it is remembered that they were asked for just now.
    package var rememberedKeys = 10_000
    /// How long an unknown key is remembered, and the least time between two fresh loads of a key.
    package var rememberedFor = Duration.seconds(1)
    /// Changes that are kept apart for loads under way.
    package var changesWhileLoading = 4_096
    /// Changes that a reader of ``Directory/changes()`` may be behind.
    package var changesPerReader = 4_096
    /// Changes read from the store at a time.
    package var feedBatch = 1_000

    package init() {}
}
