import Foundation
import Logging
import TenantDirectory

/// The store of a configured gateway, opened beside whatever else uses it.
enum ConfiguredStore {
    /// - Parameter createsKey: whether a key may be made where neither key nor directory is there.
    /// - Throws: ``DirectoryError``.
    static func open(
        _ configuration: GatewayConfiguration, logger: Logger, createsKey: Bool = true
    ) async throws(DirectoryError) -> any DirectoryDatabase {
        switch configuration.directory.store {
        case .sqlite:
            let path = configuration.directory.path
            let isNew = createsKey && configuration.secrets.createKeyFile && !SQLiteStore.exists(at: path)
            let ring = try keyRing(configuration, createIfMissing: isNew, logger: logger)
            return try SQLiteStore(path: path, sealer: SecretSealer(ring))
        case .postgres:
            let store = try postgres(configuration, logger: logger)
            try await store.prepare()
            return store
        }
    }

    /// Where rollbacks wait that the directory could not be told of: beside the mirror, or the directory itself.
    static func rollbackShelf(_ configuration: GatewayConfiguration, _ logger: Logger) throws -> RollbackShelf {
        let file = configuration.directory.store == .postgres ? configuration.mirror.path : configuration.directory.path
        return try RollbackShelf(path: file + ".rollbacks", logger: logger)
    }

    /// For a node that serves: the store, which need not answer now, and the node's mirror where nodes share it.
    /// - Throws: ``DirectoryError``.
    static func openForNode(
        _ configuration: GatewayConfiguration, logger: Logger
    ) async throws(DirectoryError) -> (store: any DirectoryDatabase, mirror: LocalMirror?) {
        guard configuration.directory.store == .postgres else {
            return (try await open(configuration, logger: logger), nil)
        }
        let sealer = SecretSealer(try keyRing(configuration, createIfMissing: false, logger: logger))
        let store = try PostgresStore(postgresSettings(configuration), sealer: sealer)
        let mirror = try LocalMirror(
            path: configuration.mirror.path, node: configuration.node.id, sealer: sealer)
        if let aside = mirror.setAside {
            logger.error(
                "The mirror was damaged, and is made anew from the directory.", metadata: ["damaged": "\(aside)"])
        }
        return (store, mirror)
    }

    /// For commands that read: a directory that is not there yet is said to be so, not made.
    static func openExisting(
        _ configuration: GatewayConfiguration
    ) async throws(DirectoryError) -> any DirectoryDatabase {
        guard let name = try await missing(configuration) else {
            return try await open(configuration, logger: commandLogger, createsKey: false)
        }
        let key = configuration.directory.store == .sqlite ? "directory.path" : "directory.url"
        throw DirectoryError(
            .unavailable, "There is no directory at \(name) yet: `serve` and `tenants import` make it; \(key) names it."
        )
    }

    /// What a directory that is not there yet is called; `nil` where it is there. Changes nothing.
    static func missing(_ configuration: GatewayConfiguration) async throws(DirectoryError) -> String? {
        switch configuration.directory.store {
        case .sqlite:
            let path = configuration.directory.path
            return SQLiteStore.exists(at: path) ? nil : path
        case .postgres:
            let store = try postgres(configuration, logger: commandLogger)
            defer { store.close() }
            return try await store.exists() ? nil : store.name
        }
    }

    /// A database server, beside the tables.
    struct Server: Sendable {
        let name: String
        let facts: DirectoryServerFacts
        /// Of this machine's clock, in milliseconds.
        let clockSkew: Int64
    }

    /// What the directory's server is like; `nil` where it is a file. Changes nothing.
    static func server(_ configuration: GatewayConfiguration) async throws(DirectoryError) -> Server? {
        guard configuration.directory.store == .postgres else { return nil }
        let store = try postgres(configuration, logger: commandLogger)
        defer { store.close() }
        let facts = try await store.serverFacts()
        let before = Date().milliseconds
        let time = try await store.currentTime() ?? before
        let skew = ClockSkew.milliseconds(before: before, after: Date().milliseconds, server: time)
        return Server(name: store.name, facts: facts, clockSkew: skew)
    }

    /// The PostgreSQL store, which connects when it is first used.
    ///
    /// A key is not made for it: the nodes share their directory, and so their key, which a person hands to each.
    private static func postgres(
        _ configuration: GatewayConfiguration, logger: Logger
    ) throws(DirectoryError) -> PostgresStore {
        let ring = try keyRing(configuration, createIfMissing: false, logger: logger)
        return try PostgresStore(postgresSettings(configuration), sealer: SecretSealer(ring))
    }

    private static func postgresSettings(_ configuration: GatewayConfiguration) -> PostgresSettings {
        let directory = configuration.directory
        var settings = PostgresSettings(url: String(decoding: directory.url?.bytes ?? [], as: UTF8.self))
        settings.poolSize = directory.poolSize
        settings.connectTimeout = directory.connectTimeout
        settings.statementTimeout = directory.statementTimeout
        return settings
    }

    private static func keyRing(
        _ configuration: GatewayConfiguration, createIfMissing: Bool, logger: Logger
    ) throws(DirectoryError) -> KeyRing {
        let secrets = configuration.secrets
        let environment = ProcessInfo.processInfo.environment
        var named: [KeyRing] = []
        var current: KeyRing?
        for key in secrets.keys {
            let ring = try key.source.ring(name: key.name, environment: environment, logger: logger)
            named.append(ring)
            if key.name == secrets.current { current = ring }
        }
        // With a current key of its own, a key file is needed only where it is named, or there from before.
        let isFileNeeded =
            current == nil || configuration.places["secrets.keyFile"] != nil
            || FileManager.default.fileExists(atPath: secrets.keyFile)
        var single: KeyRing?
        if let key = secrets.key {
            single = try KeyRing(
                base64: String(decoding: key.bytes, as: UTF8.self), origin: "The key in RESIDENCY_SECRETS_KEY",
                name: "RESIDENCY_SECRETS_KEY")
        } else if isFileNeeded {
            single = try KeyRing(
                file: secrets.keyFile, createIfMissing: createIfMissing && current == nil, logger: logger)
        }
        guard let sealing = current ?? single else {
            throw DirectoryError(.wrongKey, "There is no key to seal with: give one in `secrets.keyFile`.")
        }
        return KeyRing(sealing: sealing, opening: named + [single].compactMap(\.self))
    }

    /// What a command has to say goes to standard error, warnings and worse.
    static var commandLogger: Logger {
        var logger = Logger(label: "residency-gateway") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .notice
        return logger
    }
}
