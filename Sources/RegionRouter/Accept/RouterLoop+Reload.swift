import NIOCore

/// Another configuration, while requests are under way: those go on, and what comes next is decided by it.
extension RouterLoop {
    func reconfigure(_ new: RouterShared) {
        shared = new
        identifier = Identifier(new.configuration.identify, tokenBytes: new.limits.tokenBytes)
        tenants.limit = max(1, new.limits.tenantsPerLoop)
        log.flush()
        log = AccessLogBuffer(writer: new.accessLog)
        let before = groups.map(\.group)
        makeGroups(before: before + leftGroups)
        let kept = Set(groups.map { ObjectIdentifier($0.group) })
        leftGroups.removeAll { kept.contains(ObjectIdentifier($0)) }
        for group in before where !kept.contains(ObjectIdentifier(group)) {
            guard !leftGroups.contains(where: { $0 === group }) else { continue }
            leftGroups.append(group)
        }
        for (_, group) in groups { group.reconfigure() }
        for group in leftGroups { group.leave() }
        // What a connection remembers of the last request may be true no more.
        for client in clients { client.forget() }
    }

    /// The ways of the configuration in force; servers that were known before keep their connections, whatever region
    /// they are of now.
    func makeGroups(before: [UpstreamGroup]) {
        groups = []
        for (region, set) in shared.ways {
            let known = (before + groups.map(\.group)).first { $0.shared === set }
            groups.append((region, known ?? UpstreamGroup(set, loop: self)))
        }
    }

    func sweepLeftGroups(now: NIODeadline) {
        guard !leftGroups.isEmpty else { return }
        for group in leftGroups { group.sweep(now: now) }
        leftGroups.removeAll(where: \.isEmpty)
    }
}
