import Foundation
import Logging
import TenantDirectory

/// The store of a configured gateway, opened beside whatever else uses it.
enum ConfiguredStore {
    /// - Parameter createsKey: whether a key may be made where neither key nor directory is there.
    /// - Throws: ``DirectoryError``.
    static func open(
        _ configuration: GatewayConfiguration, logger: Logger, createsKey: Bool = true
    ) throws(DirectoryError) -> SQLiteStore {
        let path = configuration.directory.path
        let ring: KeyRing
        if let key = configuration.secrets.key {
            ring = try KeyRing(
                base64: String(decoding: key.bytes, as: UTF8.self), origin: "The key in RESIDENCY_SECRETS_KEY")
        } else {
            let isNew = createsKey && configuration.secrets.createKeyFile && !SQLiteStore.exists(at: path)
            ring = try KeyRing(file: configuration.secrets.keyFile, createIfMissing: isNew, logger: logger)
        }
        return try SQLiteStore(path: path, sealer: SecretSealer(ring))
    }

    /// For commands that read: a directory that is not there yet is said to be so, not made.
    static func openExisting(_ configuration: GatewayConfiguration) throws(DirectoryError) -> SQLiteStore {
        let path = configuration.directory.path
        guard SQLiteStore.exists(at: path) else {
            throw DirectoryError(
                .unavailable,
                "There is no directory at \(path) yet: `serve` and `tenants import` make it; directory.path names it.")
        }
        return try open(configuration, logger: commandLogger, createsKey: false)
    }

    /// What a command has to say goes to standard error, warnings and worse.
    static var commandLogger: Logger {
        var logger = Logger(label: "residency-gateway") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .notice
        return logger
    }
}
