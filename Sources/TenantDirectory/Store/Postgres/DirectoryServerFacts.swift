/// What a database server is like, beside what is in its tables.
package struct DirectoryServerFacts: Sendable, Equatable {
    /// It takes no changes: a standby, or a database that was made so.
    package var isReadOnly: Bool
    /// The setting that names the machines a change must be on before it counts; `nil` where the database knows no
    /// such setting, because it looks after that otherwise.
    package var synchronousStandbys: String?
    /// Whether a commit waits for them, or for the disk alone (`on`, `remote_apply`, `local`, `off` …).
    package var synchronousCommit: String?

    package init(isReadOnly: Bool, synchronousStandbys: String?, synchronousCommit: String?) {
        self.isReadOnly = isReadOnly
        self.synchronousStandbys = synchronousStandbys
        self.synchronousCommit = synchronousCommit
    }

    /// Why a change may be lost with one machine (amendment H6); `nil` where it is on two before it counts.
    package var durabilityWarning: String? {
        guard let synchronousStandbys, let synchronousCommit else { return nil }
        let remedy = "Say which standbys must have it: synchronous_standby_names = 'ANY 1 (zone_b, zone_c)', "
        if synchronousStandbys.isEmpty {
            return "a change counts when one machine has it: a failover can lose the last ones, and with them where a "
                + "tenant lives. " + remedy + "synchronous_commit = on (config/topology.md)"
        }
        guard ["off", "local"].contains(synchronousCommit) else { return nil }
        return "synchronous_commit is \(synchronousCommit), so no change waits for a standby, and a failover can lose "
            + "the last ones. Set it to on for the gateway's user (config/topology.md)"
    }
}
