import Foundation
import Synchronization
package import TenantDirectory

/// A PostgreSQL server of a test's own, made from the system's binaries in a scratch folder, on a free port of
/// 127.0.0.1. It ends, and its folder goes, with the object or with the test process, however that ends.
package final class PostgresCluster: Sendable {
    package struct Unavailable: Error, CustomStringConvertible {
        package let description: String
    }

    /// The owner of everything in it.
    package static let user = "directory"
    package static let password = "p4ssw0rd-of-tests"

    package let port: Int
    /// Nobody else is given the port while the server is down.
    private let reserved: ReservedPort
    private let folder: String
    private let binaries: String
    /// Reads until this process lets go of the other end, then stops the server and removes the folder.
    private let watchdog: Mutex<Pipe>
    private let schemaCount = Mutex(0)
    /// Settings of the server beside those that all have: `name=value`.
    private let settings: [String]

    private static let started = Result { try PostgresCluster() }
    private static let decoding = Result {
        try PostgresCluster(settings: [
            "wal_level=logical", "max_prepared_transactions=20", "max_replication_slots=60", "max_wal_senders=60",
        ])
    }

    /// The server that tests share, each with a schema of its own.
    package static func shared() async throws -> PostgresCluster {
        try await BlockingExecutor.run { try started.get() }
    }

    /// The server that tests share whose log can be decoded, each with databases of its own.
    package static func sharedForDecoding() async throws -> PostgresCluster {
        try await BlockingExecutor.run { try decoding.get() }
    }

    /// A server that a test may stop and kill.
    /// - Parameter settings: of the server: `name=value`.
    package static func own(settings: [String] = []) async throws -> PostgresCluster {
        try await BlockingExecutor.run { try PostgresCluster(settings: settings) }
    }

    /// A server of a test's own that speaks TLS with one of these certificates.
    package static func own(
        _ certificates: PostgresCertificates, _ kind: PostgresCertificates.Kind
    ) async throws -> PostgresCluster {
        try await BlockingExecutor.run {
            try PostgresCluster(certificate: certificates.certificate(kind), key: certificates.key(kind))
        }
    }

    /// A server that follows this one and takes no changes: a streaming standby, made by `pg_basebackup`. It answers
    /// when this returns, and ends before the one it follows.
    package func standby() async throws -> PostgresCluster {
        try await BlockingExecutor.run { [self] in try PostgresCluster(following: self) }
    }

    private init(
        certificate: String? = nil, key: String? = nil, following primary: PostgresCluster? = nil,
        settings: [String] = []
    ) throws {
        self.settings = settings
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        guard let newest = versions.compactMap({ Int($0) }).max() else {
            throw Unavailable(description: "PostgreSQL's server is not installed: apt-get install postgresql")
        }
        binaries = "/usr/lib/postgresql/\(newest)/bin"
        // Short, because the socket lies in it.
        folder = "/tmp/residency-pg-\(UUID().uuidString.prefix(8))"
        reserved = try ReservedPort()
        port = reserved.port
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        if Self.isRoot { try Self.run("/bin/chown", ["postgres:postgres", folder]) }
        let words = "\(folder)/password"
        try Self.password.write(toFile: words, atomically: false, encoding: .utf8)
        watchdog = Mutex(try Self.watch("'\(binaries)/pg_ctl' -D '\(folder)/data' stop -m immediate", folder))
        if let primary {
            try owned(
                "pg_basebackup",
                [
                    "-D", "\(folder)/data", "-h", primary.folder, "-p", "\(primary.port)", "-U", Self.user, "-R", "-X",
                    "stream", "-c", "fast", "--no-sync",
                ])
        } else {
            try owned(
                "initdb",
                [
                    "-D", "\(folder)/data", "-U", Self.user, "--pwfile", words, "--no-sync", "-E", "UTF8", "--locale",
                    "C.UTF-8", "--auth-host", "scram-sha-256", "--auth-local", "trust",
                ])
        }
        if let certificate, let key { try useTLS(certificate, key) }
        try startServer()
    }

    /// The server wants both files for itself.
    private func useTLS(_ certificate: String, _ key: String) throws {
        for (source, name) in [(certificate, "server.crt"), (key, "server.key")] {
            let target = "\(folder)/data/\(name)"
            try FileManager.default.copyItem(atPath: source, toPath: target)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: target)
            if Self.isRoot { try Self.run("/bin/chown", ["postgres:postgres", target]) }
        }
        let settings = "\(folder)/data/postgresql.auto.conf"
        let text = try String(contentsOfFile: settings, encoding: .utf8)
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: settings))
        try handle.seek(toOffset: UInt64(text.utf8.count))
        try handle.write(contentsOf: Data("ssl = on\n".utf8))
        try handle.close()
    }

    deinit { end() }

    /// The URL of a new, empty schema.
    /// - Parameter parameters: of the URL, in the form `&name=value`.
    package func newSchema(_ parameters: String = "") async throws -> String {
        let name = "t\(schemaCount.withLock { $0 += 1; return $0 })"
        try await sql("CREATE SCHEMA \(name)")
        return url("&options=-csearch_path%3D\(name)" + parameters)
    }

    /// The name of a new, empty database.
    package func newDatabase() async throws -> String {
        let name = "d\(schemaCount.withLock { $0 += 1; return $0 })"
        try await sql("CREATE DATABASE \(name)")
        return name
    }

    /// The URL of the server, with its password.
    package func url(
        _ parameters: String = "", password: String = PostgresCluster.password, mode: String = "disable",
        user: String = PostgresCluster.user, database: String = "postgres"
    ) -> String {
        "postgresql://\(user):\(password)@127.0.0.1:\(port)/\(database)?sslmode=\(mode)" + parameters
    }

    /// Runs statements as the owner, past whatever is being tested.
    /// - Returns: what they give, without the last line's end.
    @discardableResult
    package func sql(_ statements: String, in database: String = "postgres") async throws -> String {
        try await BlockingExecutor.run { [self] in
            let arguments = ["-h", folder, "-p", "\(port)", "-U", Self.user, "-d", database, "-X", "-A", "-t", "-q"]
            return try Self.run("\(binaries)/psql", arguments + ["-v", "ON_ERROR_STOP=1", "-c", statements])
                .trimmingCharacters(in: .newlines)
        }
    }

    /// Ends the server at once, as a crash does.
    package func kill() throws {
        let text = try String(contentsOfFile: "\(folder)/data/postmaster.pid", encoding: .utf8)
        guard let line = text.split(separator: "\n").first, let process = Int32(line) else { return }
        Foundation.kill(process, SIGKILL)
    }

    /// Stops the server, cutting its connections.
    package func stop() async throws {
        try await BlockingExecutor.run { [self] in
            try owned("pg_ctl", ["-D", "\(folder)/data", "-w", "-m", "fast", "stop"])
        }
    }

    /// Starts it again, and returns when it answers.
    package func start() async throws {
        try await BlockingExecutor.run { [self] in try startServer() }
    }

    /// Ends it for good.
    package func end() { watchdog.withLock { try? $0.fileHandleForWriting.close() } }

    private func startServer() throws {
        let options =
            [
                "-p \(port)", "-k \(folder)", "-c listen_addresses=127.0.0.1", "-c fsync=off", "-c max_connections=400",
                "-c shared_buffers=16MB",
            ] + settings.map { "-c \($0)" }
        var last: any Error = Unavailable(description: "the server was not started")
        // The processes of a server that was killed go a moment later than it, and keep a new one from starting.
        for _ in 0..<50 {
            do {
                try owned(
                    "pg_ctl",
                    [
                        "-D", "\(folder)/data", "-l", "\(folder)/log", "-w", "-t", "60", "-s", "-o",
                        options.joined(separator: " "), "start",
                    ])
                return
            } catch { last = error }
        }
        let log = (try? String(contentsOfFile: "\(folder)/log", encoding: .utf8)) ?? ""
        throw Unavailable(description: "\(last)\n\(log.suffix(2_000))")
    }

    /// Runs a program of PostgreSQL's as a user it accepts: not as root.
    private func owned(_ program: String, _ arguments: [String]) throws {
        guard Self.isRoot else {
            try Self.run("\(binaries)/\(program)", arguments)
            return
        }
        try Self.run("/usr/bin/setpriv", Self.asPostgres + ["\(binaries)/\(program)"] + arguments)
    }

    private static let asPostgres = ["--reuid=postgres", "--regid=postgres", "--init-groups", "--"]
    private static let isRoot = getuid() == 0

    @discardableResult
    private static func run(_ program: String, _ arguments: [String]) throws -> String {
        // A file, because a server keeps what it was started with: a pipe would never end.
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        _ = FileManager.default.createFile(atPath: file.path, contents: nil)
        defer { try? FileManager.default.removeItem(at: file) }
        let output = try FileHandle(forWritingTo: file)
        let status = Spawn.ending(
            of: try Spawn.start(
                program, arguments, in: "/tmp", output: output.fileDescriptor, errors: output.fileDescriptor))
        let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        guard status == 0 else {
            throw Unavailable(description: "\(program) \(arguments.joined(separator: " ")): \(text)")
        }
        return text
    }

    private static func watch(_ stop: String, _ folder: String) throws -> Pipe {
        let script = "while read -r line; do :; done; \(stop) >/dev/null 2>&1; rm -rf '\(folder)'"
        let pipe = Pipe()
        let program = isRoot ? "/usr/bin/setpriv" : "/bin/sh"
        let arguments = (isRoot ? asPostgres + ["/bin/sh"] : []) + ["-c", script]
        let identifier = try Spawn.start(
            program, arguments, in: "/tmp", input: pipe.fileHandleForReading.fileDescriptor)
        Thread { _ = Spawn.ending(of: identifier) }.start()
        return pipe
    }
}

extension PostgresSettings {
    /// For tests, which share a machine with all others: no wait ends but where a test is about that.
    package static func patient(_ url: String) -> PostgresSettings {
        var settings = PostgresSettings(url: url)
        settings.connectTimeout = .seconds(60)
        settings.statementTimeout = .seconds(60)
        settings.lockTimeout = .seconds(60)
        settings.idleInTransactionTimeout = .seconds(60)
        return settings
    }
}
