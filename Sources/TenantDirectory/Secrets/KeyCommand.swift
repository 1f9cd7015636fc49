import Foundation

/// Runs a command that prints a key on its standard output, on the calling thread, and waits for its end.
///
/// 1. It has no input and no shell, and no descriptor of this process's (all are closed when a program starts); it has
///    the environment, which key services' programs take their credentials from.
/// 2. Time and output are bounded; past a bound it and what it started are killed.
/// 3. What it says on standard error is passed on where it fails, one line, without anything that could be a key.
struct KeyCommand {
    /// Why there is no key: what the program did, to follow its name.
    struct Failure: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    static let timeLimit = Duration.seconds(10)
    static let outputLimit = 4_096
    /// Of what it says on standard error.
    private static let errorLimit = 1_024
    /// Between two looks whether a process that has closed its output has ended.
    private static let endingPoll: Int32 = 5

    let arguments: [String]
    var timeLimit = Self.timeLimit

    func run() throws(Failure) -> String {
        guard let program = arguments.first else { throw Failure("is an empty command") }
        guard let output = Descriptors.pipe(), let errors = Descriptors.pipe() else {
            throw Failure("cannot be run: \(Self.reason(errno))")
        }
        defer { [output, errors].forEach { $0.close() } }
        let process = try start(program, output: output.writing, errors: errors.writing)
        output.closeWriting()
        errors.closeWriting()
        let deadline = ContinuousClock.now + timeLimit
        do throws(Failure) {
            let said = try collect(output.reading, errors.reading, until: deadline)
            let status = try ending(of: process, until: deadline)
            guard status == 0 else { throw Failure("\(Self.meaning(status))\(Self.told(said.errors))") }
            return String(decoding: said.output, as: UTF8.self)
        } catch {
            kill(-process, SIGKILL)
            _ = wait(process, 0)
            throw error
        }
    }

    private func start(_ program: String, output: Int32, errors: Int32) throws(Failure) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO)
        // A group of its own, so that what it has started can be ended with it.
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        posix_spawnattr_setpgroup(&attributes, 0)
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        words.append(nil)
        defer { words.forEach { free($0) } }
        var process: pid_t = 0
        let result = posix_spawnp(&process, program, &actions, &attributes, words, environ)
        guard result == 0 else { throw Failure("cannot be run: \(Self.reason(result))") }
        return process
    }

    /// Reads both until both have ended.
    private func collect(
        _ output: Int32, _ errors: Int32, until deadline: ContinuousClock.Instant
    ) throws(Failure) -> (output: [UInt8], errors: [UInt8]) {
        var said: (output: [UInt8], errors: [UInt8]) = ([], [])
        var open = [output, errors]
        while !open.isEmpty {
            var waiting = open.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            let left = deadline - .now
            guard left > .zero else { throw late }
            let count = poll(&waiting, nfds_t(waiting.count), Int32(clamping: left.milliseconds + 1))
            guard count >= 0 || errno == EINTR else { throw Failure("cannot be read: \(Self.reason(errno))") }
            for ready in waiting where ready.revents != 0 {
                var buffer = [UInt8](repeating: 0, count: 1_024)
                let read = Glibc.read(ready.fd, &buffer, buffer.count)
                if read == 0 || (read < 0 && errno != EINTR) { open.removeAll { $0 == ready.fd } }
                guard read > 0 else { continue }
                if ready.fd == output {
                    said.output += buffer.prefix(read)
                } else {
                    said.errors += buffer.prefix(min(read, Self.errorLimit - said.errors.count))
                }
            }
            guard said.output.count <= Self.outputLimit else {
                throw Failure("prints more than \(Self.outputLimit) bytes")
            }
        }
        return said
    }

    private func ending(of process: pid_t, until deadline: ContinuousClock.Instant) throws(Failure) -> Int32 {
        while true {
            if let status = wait(process, WNOHANG) { return status }
            guard ContinuousClock.now < deadline else { throw late }
            poll(nil, 0, Self.endingPoll)
        }
    }

    /// - Returns: the status of a process that has ended; `nil` of one that runs, or has been waited for.
    private func wait(_ process: pid_t, _ options: Int32) -> Int32? {
        var status: Int32 = 0
        var result: pid_t
        repeat { result = waitpid(process, &status, options) } while result == -1 && errno == EINTR
        return result == process ? status : nil
    }

    private var late: Failure { Failure("has not ended after \(timeLimit.milliseconds / 1_000) s, and was killed") }

    private static func meaning(_ status: Int32) -> String {
        let signal = status & 0x7f
        return signal == 0 ? "ends with \((status >> 8) & 0xff)" : "was ended by signal \(signal)"
    }

    /// The first line of what it said, without words as long as a key.
    private static func told(_ bytes: [UInt8]) -> String {
        let line = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).first ?? ""
        let words = line.split(separator: " ").map { $0.utf8.count >= 24 ? "…" : String($0) }
        return words.isEmpty ? "" : ": " + words.joined(separator: " ")
    }

    private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}

/// The two ends of a pipe, which programs that are started do not inherit by themselves.
private final class Descriptors {
    let reading: Int32
    private(set) var writing: Int32

    private init(_ reading: Int32, _ writing: Int32) {
        self.reading = reading
        self.writing = writing
    }

    static func pipe() -> Descriptors? {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0, let reading = ends.first, let writing = ends.last else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return Descriptors(reading, writing)
    }

    func closeWriting() {
        if writing >= 0 { Glibc.close(writing) }
        writing = -1
    }

    func close() {
        closeWriting()
        Glibc.close(reading)
    }
}
