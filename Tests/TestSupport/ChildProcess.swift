package import Foundation
import Synchronization

/// A program run as a process of its own: its output line by line, its end, and signals to it.
package final class ChildProcess: Sendable {
    /// What a program that has ended leaves.
    package struct Ending: Sendable {
        /// The exit code, or the negative number of the signal that ended it.
        package let status: Int32
        package let output: String
        package let errors: String
    }

    private let identifier: Int32
    private let lines: AsyncStream<String>
    private let output = Mutex("")
    private let errors = Mutex("")
    private let ended: AsyncStream<Int32>
    private let errorsEnded: AsyncStream<Void>

    /// The gateway's program, which the build has put beside the tests.
    package static var gateway: URL {
        let program = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
        return program.deletingLastPathComponent().appendingPathComponent("residency-gateway")
    }

    /// Starts a program.
    /// - Parameter environment: added to the process's own, without any `RESIDENCY_` variable.
    package init(
        _ arguments: [String], of program: URL = ChildProcess.gateway, in folder: String? = nil,
        environment: [String: String] = [:]
    ) throws {
        let own = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("RESIDENCY_") }
        let (outputPipe, errorPipe) = (Pipe(), Pipe())
        let (lines, line) = AsyncStream<String>.makeStream()
        let (ended, end) = AsyncStream<Int32>.makeStream()
        let (errorsEnded, errorsEnd) = AsyncStream<Void>.makeStream()
        let identifier = try Spawn.start(
            program.path, arguments, environment: own.merging(environment) { $1 }, in: folder,
            output: outputPipe.fileHandleForWriting.fileDescriptor,
            errors: errorPipe.fileHandleForWriting.fileDescriptor)
        try outputPipe.fileHandleForWriting.close()
        try errorPipe.fileHandleForWriting.close()
        Thread {
            end.yield(Spawn.ending(of: identifier))
            end.finish()
        }.start()
        self.identifier = identifier
        self.lines = lines
        self.ended = ended
        self.errorsEnded = errorsEnded
        Self.read(
            outputPipe, text: { [weak self] text in self?.output.withLock { $0 += text } }, line: { line.yield($0) },
            end: { line.finish() })
        Self.read(
            errorPipe, text: { [weak self] text in self?.errors.withLock { $0 += text } }, line: { _ in },
            end: { errorsEnd.finish() })
    }

    /// Runs a program to its end.
    package static func run(
        _ arguments: [String], in folder: String? = nil, environment: [String: String] = [:]
    ) async throws -> Ending {
        try await ChildProcess(arguments, in: folder, environment: environment).ending()
    }

    /// The next line of its standard output; `nil` when it has ended. For one reader.
    package func line() async -> String? {
        for await line in lines { return line }
        return nil
    }

    /// Waits for the end; what is left of the output is then there. For one caller.
    package func ending() async -> Ending {
        // The pipes end with the process: whoever reads them to the end has all.
        for await _ in lines {}
        for await _ in errorsEnded {}
        var status: Int32 = 0
        for await code in ended { status = code }
        return Ending(status: status, output: output.withLock { $0 }, errors: errors.withLock { $0 })
    }

    /// Asks it to stop, as a service manager does.
    package func terminate() { kill(identifier, SIGTERM) }

    /// Asks it to read its configuration again.
    package func hangUp() { kill(identifier, SIGHUP) }

    /// Ends it at once, as a crash or the kernel does.
    package func killAtOnce() { kill(identifier, SIGKILL) }

    private static func read(
        _ pipe: Pipe, text: @escaping @Sendable (String) -> Void, line: @escaping @Sendable (String) -> Void,
        end: @escaping @Sendable () -> Void
    ) {
        let handle = pipe.fileHandleForReading
        let thread = Thread {
            var rest = ""
            // What is there now; `read(upToCount:)` would wait for more.
            while case let data = handle.availableData, !data.isEmpty {
                let piece = String(decoding: data, as: UTF8.self)
                text(piece)
                rest += piece
                while let cut = rest.firstIndex(of: "\n") {
                    line(String(rest[..<cut]))
                    rest = String(rest[rest.index(after: cut)...])
                }
            }
            if !rest.isEmpty { line(rest) }
            end()
        }
        thread.start()
    }
}
