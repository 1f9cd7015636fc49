import TenantDirectory

/// Which public base URL a request was sent to: by host name and port, then by the longest base path.
package struct HostTable: Sendable {
    private struct Row: Sendable {
        let endpoint: PublicEndpoint
        let hostName: [UInt8]
        let port: Int?
        let basePath: [UInt8]
    }

    /// What became of a look-up.
    package enum Match: Sendable, Equatable {
        /// The endpoint, by its place in ``endpoints``.
        case endpoint(Int)
        /// The host name is one of ours, and no base URL has this path.
        case unknownPath
        case unknownHost
    }

    private let rows: [Row]
    package var endpoints: [PublicEndpoint] { rows.map(\.endpoint) }

    package init(_ endpoints: [PublicEndpoint]) {
        // The longest base path first; of equal ones a named region before GLOBAL, which may share its URL.
        let ordered = endpoints.sorted {
            ($0.basePath.utf8.count, $0.region == .global ? 0 : 1) > (
                $1.basePath.utf8.count, $1.region == .global ? 0 : 1
            )
        }
        rows = ordered.map { endpoint in
            let (name, port) = Self.split(Array(endpoint.authority.lowercased().utf8))
            return Row(endpoint: endpoint, hostName: name, port: port, basePath: Array(endpoint.basePath.utf8))
        }
    }

    package subscript(_ index: Int) -> PublicEndpoint { rows[index].endpoint }

    /// Whether the host name alone decides for this endpoint: it has no base path, and no other has its host name.
    package func needsNoPath(_ index: Int) -> Bool {
        rows[index].basePath.isEmpty && rows.count { $0.hostName == rows[index].hostName } == 1
    }

    /// A row whose host name and port are those called wins over one whose host name alone is: behind a load balancer
    /// the port the host sees is not the one that is listened on.
    package func match(_ host: some Collection<UInt8>, path: UnsafeRawBufferPointer) -> Match {
        let (name, port) = Self.split(host.map(HTTPBytes.lowerCased))
        var isKnownName = false
        var byName: Int?
        for (index, row) in rows.enumerated() where row.hostName == name {
            isKnownName = true
            guard Self.path(path, isUnder: row.basePath) else { continue }
            if row.port == port { return .endpoint(index) }
            if byName == nil { byName = index }
        }
        if let byName { return .endpoint(byName) }
        return isKnownName ? .unknownPath : .unknownHost
    }

    private static func path(_ path: UnsafeRawBufferPointer, isUnder base: [UInt8]) -> Bool {
        guard path.count >= base.count else { return false }
        for index in base.indices where path[index] != base[index] { return false }
        return base.isEmpty || path.count == base.count || path[base.count] == HTTPBytes.slash
    }

    /// `name` and `port` of `name:port`; an IPv6 address keeps its brackets.
    private static func split(_ authority: [UInt8]) -> (name: [UInt8], port: Int?) {
        guard let colon = authority.lastIndex(of: HTTPBytes.colon), authority.last != UInt8(ascii: "]") else {
            return (authority, nil)
        }
        let digits = authority[(colon + 1)...]
        guard !digits.isEmpty, digits.count <= 5, digits.allSatisfy(HTTPBytes.isDigit) else { return (authority, nil) }
        return (Array(authority[..<colon]), digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) })
    }
}
