/// The registry of nodes.
extension StoreSession {
    private static let nodeColumns = """
        id, incarnation, state, regions, addresses, applied_seq, heartbeat, version, region_view, \
        configuration_digest, started_at, clock_skew
        """

    func nodes(named id: String? = nil) throws -> [NodeRecord] {
        let condition = id == nil ? "" : " WHERE id = ?"
        let lock = isWriting ? runner.lockingSuffix : ""
        let rows = try rows(
            "SELECT \(Self.nodeColumns) FROM nodes\(condition) ORDER BY id, started_at, incarnation\(lock)",
            id.map { [.text($0)] } ?? [])
        return try rows.map { row in
            NodeRecord(
                identity: NodeRecord.Identity(id: try row.text(0), incarnation: try row.text(1)),
                state: try row.name(2), regions: Self.regions(try row.text(3)),
                addresses: Self.addresses(try row.text(4)), appliedSequence: try row.number(5),
                heartbeat: try row.number(6), version: try row.text(7), regionView: try row.text(8),
                configurationDigest: try row.text(9), startedAt: try row.number(10),
                clockSkew: try row.optionalNumber(11))
        }
    }

    func register(_ node: NodeRecord, replacing predecessors: Set<String>?) throws -> Change<Void> {
        let name = SQLValue.text(node.identity.id)
        if try row("SELECT id FROM node_names WHERE id = ?\(runner.lockingSuffix)", [name]) == nil {
            try execute("INSERT INTO node_names (id) VALUES (?)", [name])
        }
        let others = try nodes(named: node.identity.id).filter { $0.identity != node.identity }
        for other in others {
            if predecessors?.contains(other.identity.incarnation) ?? true {
                delete(other.identity)
            } else if other.state != .silent, other.state != .stopped {
                throw DirectoryError(
                    .conflict,
                    "A node named \(node.identity.id) is registered in the directory already"
                        + (other.addresses["listen"].map { " (it listens on \($0))" } ?? "")
                        + ", and its mirror is not the file of this process. Give this one another node.id, or, when "
                        + "the other is gone for good, run `residency-gateway nodes remove \(node.identity.id)`.")
            }
        }
        delete(node.identity)
        add(
            "INSERT INTO nodes (\(Self.nodeColumns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                .text(node.identity.id), .text(node.identity.incarnation), .text(node.state.rawValue),
                .text(Self.text(node.regions)), .text(Self.text(node.addresses)), .integer(node.appliedSequence),
                .integer(node.heartbeat), .text(node.version), .text(node.regionView),
                .text(node.configurationDigest), .integer(node.startedAt), node.clockSkew.map { .integer($0) } ?? .null,
            ])
        return .none(())
    }

    func renew(_ node: NodeRecord) throws -> Change<Bool> {
        let row = try row(
            """
            UPDATE nodes SET heartbeat = heartbeat + 1, state = ?, addresses = ?, applied_seq = ?, clock_skew = ? \
            WHERE id = ? AND incarnation = ? AND state <> ? RETURNING heartbeat
            """,
            [
                .text(node.state.rawValue), .text(Self.text(node.addresses)), .integer(node.appliedSequence),
                node.clockSkew.map { .integer($0) } ?? .null, .text(node.identity.id),
                .text(node.identity.incarnation), .text(NodeRecord.State.silent.rawValue),
            ])
        return .none(row != nil)
    }

    func describe(_ node: NodeRecord) throws -> Change<Bool> {
        let row = try row(
            """
            UPDATE nodes SET regions = ?, region_view = ?, configuration_digest = ? \
            WHERE id = ? AND incarnation = ? AND state <> ? RETURNING heartbeat
            """,
            [
                .text(Self.text(node.regions)), .text(node.regionView), .text(node.configurationDigest),
                .text(node.identity.id), .text(node.identity.incarnation),
                .text(NodeRecord.State.silent.rawValue),
            ])
        return .none(row != nil)
    }

    func deregister(_ node: NodeRecord.Identity) -> Change<Void> {
        delete(node)
        return .none(())
    }

    func removeNode(_ id: String, isProvenDead: Bool) throws -> Change<Int> {
        let rows = try nodes(named: id)
        if isProvenDead {
            add("DELETE FROM nodes WHERE id = ?", [.text(id)])
        } else {
            add(
                "UPDATE nodes SET state = ? WHERE id = ?",
                [.text(NodeRecord.State.silent.rawValue), .text(id)])
        }
        return .none(rows.count)
    }

    private func delete(_ node: NodeRecord.Identity) {
        add("DELETE FROM nodes WHERE id = ? AND incarnation = ?", [.text(node.id), .text(node.incarnation)])
    }

    // MARK: Lists in a column

    private static func text(_ regions: [Region]) -> String { regions.map(\.code).joined(separator: " ") }

    private static func regions(_ text: String) -> [Region] {
        text.split(separator: " ").compactMap { Region(String($0)) }
    }

    /// `admin=127.0.0.1:8081 listen=127.0.0.1:8080`
    private static func text(_ addresses: [String: String]) -> String {
        addresses.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }.joined(separator: " ")
    }

    private static func addresses(_ text: String) -> [String: String] {
        let pairs = text.split(separator: " ").map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
        return Dictionary(pairs.filter { $0.count == 2 }.map { ($0[0], $0[1]) }) { first, _ in first }
    }
}
