import NIOCore

/// Another configuration, while requests are under way: those go on, and what comes next is decided by it.
extension RouterLoop {
    func reconfigure(_ new: RouterShared) {
        shared = new
        identifier = Identifier(new.configuration.identify, tokenBytes: new.limits.tokenBytes)
        tenants.limit = max(1, new.limits.tenantsPerLoop)
        log.flush()
        log = AccessLogBuffer(writer: new.accessLog)
        let before = pools.map(\.pool)
        pools = []
        for (region, address) in new.configuration.instances {
            // An address that stays keeps its connections, whatever region it is of now.
            let known = before + leftPools + pools.map(\.pool)
            pools.append(
                (region, known.first { $0.address == address } ?? InstancePool(address: address, loop: self)))
        }
        let kept = Set(pools.map { ObjectIdentifier($0.pool) })
        leftPools.removeAll { kept.contains(ObjectIdentifier($0)) }
        for pool in before where !kept.contains(ObjectIdentifier(pool)) {
            guard !leftPools.contains(where: { $0 === pool }) else { continue }
            leftPools.append(pool)
        }
        for (_, pool) in pools { pool.reconfigure() }
        for pool in leftPools { pool.leave() }
        // What a connection remembers of the last request may be true no more.
        for client in clients { client.forget() }
    }

    func sweepLeftPools(now: NIODeadline) {
        guard !leftPools.isEmpty else { return }
        for pool in leftPools { pool.sweep(now: now) }
        leftPools.removeAll { $0.isEmpty }
    }
}
