package import TenantDirectory

/// What the app keeps by tenant, as the configuration declares it, and the way to each side of it.
package struct StoreSet: Sendable {
    package enum Kind: String, Sendable, Codable {
        case postgres
        case http
        /// It is not moved, and why not is a line of plan and receipt.
        case none
    }

    package struct Entry: Sendable {
        package let name: String
        package let kind: Kind
        /// Why it is not moved; empty for what is.
        package let reason: String
        /// By region, where this node reaches it itself.
        package let sources: [Region: any SourceStore]
        package let targets: [Region: any TargetStore]

        package init(
            name: String, kind: Kind, reason: String = "", sources: [Region: any SourceStore] = [:],
            targets: [Region: any TargetStore] = [:]
        ) {
            self.name = name
            self.kind = kind
            self.reason = reason
            self.sources = sources
            self.targets = targets
        }
    }

    /// In the order of the configuration.
    package let entries: [Entry]
    /// The way to a target that another node reaches.
    private let link: (any StoreLink)?

    package init(_ entries: [Entry], link: (any StoreLink)? = nil) {
        self.entries = entries
        self.link = link
    }

    /// The moved stores of a migration between two regions. One of them decides (H30): the first that is a database of
    /// ours to write in, else the first.
    /// - Throws: `.blocked` where nothing is declared, or a side cannot be reached from here.
    func moves(from source: Region, to target: Region) throws(MigrationError) -> [StoreMove] {
        guard !entries.isEmpty else {
            throw MigrationError(
                .blocked,
                "No stores are declared, so nobody knows what there is to move. Declare what the app keeps by tenant "
                    + "in `stores`; for an app that keeps nothing, one of kind none with its reason.")
        }
        let moved = entries.filter { $0.kind != .none }
        let deciding = moved.first { $0.kind == .postgres }?.name ?? moved.first?.name
        return try moved.map { entry throws(MigrationError) in
            guard let from = entry.sources[source] else { throw Self.noWay(entry.name, source) }
            let to: (any TargetStore)? =
                entry.targets[target] ?? link.map { RemoteTarget(store: entry.name, region: target, link: $0) }
            guard let to else { throw Self.noWay(entry.name, target) }
            return StoreMove(name: entry.name, isDeciding: entry.name == deciding, source: from, target: to)
        }
    }

    /// A target of this node's, for another node's question.
    package func target(_ store: String, in region: Region) -> (any TargetStore)? {
        entries.first { $0.name == store }?.targets[region]
    }

    private static func noWay(_ store: String, _ region: Region) -> MigrationError {
        MigrationError(
            .blocked, "Store \(store) has no URL for \(region) in this node's configuration: add it in `stores`.")
    }
}

/// One store of one migration: the side that the tenant leaves, and the side where it arrives.
struct StoreMove: Sendable {
    let name: String
    /// Its row of the tenant decides which side the tenant is on.
    let isDeciding: Bool
    let source: any SourceStore
    let target: any TargetStore
}
