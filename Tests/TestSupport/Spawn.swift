import CSpawn
import Foundation

/// Starts programs and waits for their end.
///
/// Foundation's `Process` looks for the descriptors to close in `/proc/self/fd`, and reads past its buffer's end in a
/// process that has 1,365 of them, which many routers at once have. It also lets the program inherit what it missed.
enum Spawn {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Starts a program that has the three descriptors given, and no other of this process's.
    /// - Parameters:
    ///   - environment: all of it; this process's own where it is left out.
    ///   - folder: the one it starts in; this process's own where it is left out.
    ///   - input: `nil` for an empty one.
    ///   - output: `nil` for one that nobody reads; so for `errors`.
    /// - Returns: the process's id, to be waited for once.
    static func start(
        _ program: String, _ arguments: [String], environment: [String: String]? = nil, in folder: String? = nil,
        input: Int32? = nil, output: Int32? = nil, errors: Int32? = nil
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (target, source) in [input, output, errors].enumerated() {
            if let source {
                posix_spawn_file_actions_adddup2(&actions, source, Int32(target))
            } else {
                posix_spawn_file_actions_addopen(&actions, Int32(target), "/dev/null", O_RDWR, 0)
            }
        }
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        if let folder { posix_spawn_file_actions_addchdir_np(&actions, folder) }
        let variables = (environment ?? ProcessInfo.processInfo.environment).map { "\($0)=\($1)" }
        let argumentCopies = ([program] + arguments).map { strdup($0) } + [nil]
        let variableCopies = variables.map { strdup($0) } + [nil]
        defer { (argumentCopies + variableCopies).forEach { free($0) } }
        var identifier: pid_t = 0
        let result = posix_spawn(&identifier, program, &actions, nil, argumentCopies, variableCopies)
        guard result == 0 else { throw Failure(description: "\(program): \(String(cString: strerror(result)))") }
        return identifier
    }

    /// Waits for the end of a program, on the thread that asks.
    /// - Returns: the exit code, or the negative number of the signal that ended it.
    static func ending(of identifier: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(identifier, &status, 0) == -1, errno == EINTR {}
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : -signal
    }
}
