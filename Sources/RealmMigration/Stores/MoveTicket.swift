package import TenantDirectory

/// What every act upon a regional store names: whose rows, for which migration, and by what authority (amendments H1,
/// H35). A store goes on only where generation and attempt are equal to those in the tenant's row there.
package struct MoveTicket: Sendable, Codable, Equatable {
    /// The migration's id: 32 hexadecimal digits.
    package var migration: String
    package var tenant: TenantID
    /// What the app calls the tenant in its rows, by the kind of name.
    package var names: TenantNames
    /// Where the data comes from, and where it goes.
    package var source: Region
    package var target: Region
    /// The random id of the directory that this migration is recorded in. Objects of ours in a store carry it, so that
    /// a gateway with another directory leaves them alone.
    package var directory: String
    /// Grows with every takeover of the lease.
    package var generation: Int64
    /// Grows with every copy that begins anew.
    package var attempt: Int64

    package init(
        migration: String, tenant: TenantID, names: TenantNames, source: Region, target: Region, directory: String,
        generation: Int64, attempt: Int64
    ) {
        self.migration = migration
        self.tenant = tenant
        self.names = names
        self.source = source
        self.target = target
        self.directory = directory
        self.generation = generation
        self.attempt = attempt
    }
}

extension MoveTicket {
    /// The key of this migration's digests, the same on both sides: hashes of rows mean nothing in another.
    package var digestKey: [UInt8] { SHA256.digest(of: Array("residency digest\0\(directory)\0\(migration)".utf8)) }
}

/// What apps call a tenant in their rows.
package struct TenantNames: Sendable, Codable, Equatable {
    /// Which of them a column holds.
    package enum Kind: String, Sendable, Codable, CaseIterable {
        case clientKey
        case installationId
        case cloudId
        case hostBaseUrl
    }

    package var clientKey: String?
    package var installationID: String?
    package var cloudID: String?
    package var hostBaseURL: String?

    package init(
        clientKey: String? = nil, installationID: String? = nil, cloudID: String? = nil, hostBaseURL: String? = nil
    ) {
        self.clientKey = clientKey
        self.installationID = installationID
        self.cloudID = cloudID
        self.hostBaseURL = hostBaseURL
    }

    package subscript(kind: Kind) -> String? {
        switch kind {
        case .clientKey: clientKey
        case .installationId: installationID
        case .cloudId: cloudID
        case .hostBaseUrl: hostBaseURL
        }
    }
}
