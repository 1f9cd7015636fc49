import Foundation
import Logging
import TestSupport
import Testing

@testable import TenantDirectory

@Suite("A command that prints a key")
struct KeyCommandTests {
    private func failure(_ command: [String], within limit: Duration = .seconds(60)) -> String {
        do throws(KeyCommand.Failure) {
            return "printed \(try KeyCommand(arguments: command, timeLimit: limit).run())"
        } catch {
            return error.description
        }
    }

    @Test("is run as its words are, without a shell")
    func noShell() throws {
        let said = try KeyCommand(arguments: ["echo", "$HOME", "`id`", "a  b"]).run()
        #expect(said == "$HOME `id` a  b\n")
    }

    @Test("that fails is told with what it said, but without anything that could be a key")
    func failing() {
        let key = Data((0..<32).map { UInt8($0) }).base64EncodedString()
        let said = failure(["/bin/sh", "-c", "echo access denied for \(key) >&2; echo \(key); exit 3"])
        #expect(said == "ends with 3: access denied for …")
    }

    @Test("that does not end is killed with what it has started", arguments: ["exec sleep 600", "sleep 600 & wait"])
    func late(script: String) {
        #expect(failure(["/bin/sh", "-c", script], within: .milliseconds(200)).contains("was killed"))
    }

    @Test("that prints without end is ended")
    func endless() {
        #expect(failure(["yes"]) == "prints more than 4096 bytes")
    }

    @Test("that is not there is told with the reason")
    func missing() {
        #expect(failure(["/no/such/program"]).contains("No such file"))
    }

    @Test("that prints something else is refused without what it printed")
    func notAKey() {
        let source = KeySource.command(["echo", "hunter2"])
        let error = #expect(throws: DirectoryError.self) {
            try source.ring(name: "2026", environment: [:], logger: .silent)
        }
        #expect(error?.code == .wrongKey)
        #expect(error?.message.contains("2026") == true)
        #expect(error?.message.contains("hunter2") == false)
    }

    @Test("makes the same ring as a file and a variable with the same key")
    func sources() throws {
        let folder = try ScratchFolder()
        let text = Data(repeating: 9, count: 32).base64EncodedString()
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder.file("key")))
        let sources: [KeySource] = [.command(["echo", text]), .file(folder.file("key")), .environment("KEY")]
        let ids = try sources.map { source in
            try source.ring(name: "a", environment: ["KEY": text], logger: .silent).ids
        }
        #expect(Set(ids).count == 1)
        let error = #expect(throws: DirectoryError.self) {
            try KeySource.environment("KEY").ring(name: "a", environment: [:], logger: .silent)
        }
        #expect(error?.message.contains("KEY, which is not set") == true)
    }
}

extension Logger {
    fileprivate static let silent = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
}
