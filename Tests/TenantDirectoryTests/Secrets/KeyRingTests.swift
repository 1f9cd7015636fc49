import Foundation
import Logging
import TenantDirectory
import TestSupport
import Testing

@Suite("The key-encryption key")
struct KeyRingTests {
    let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    @Test("is made once, in a file of its owner's alone, and read again")
    func created() throws {
        let folder = try ScratchFolder()
        let path = folder.file("residency.key")
        _ = try KeyRing(file: path, createIfMissing: true, logger: logger)
        let first = try String(contentsOfFile: path, encoding: .utf8)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        _ = try KeyRing(file: path, createIfMissing: true, logger: logger)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == first)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["residency.key"])
    }

    @Test("is not made where that is not allowed")
    func missing() throws {
        let folder = try ScratchFolder()
        let path = folder.file("residency.key")
        let error = #expect(throws: DirectoryError.self) {
            try KeyRing(file: path, createIfMissing: false, logger: logger)
        }
        #expect(error?.code == .wrongKey)
        #expect(error?.message.contains(path) == true)
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("in a folder that is not there is refused with the path")
    func noFolder() throws {
        let folder = try ScratchFolder()
        let error = #expect(throws: DirectoryError.self) {
            try KeyRing(file: folder.file("no/such/key"), createIfMissing: true, logger: logger)
        }
        #expect(error?.message.contains("no/such/key") == true)
    }

    @Test(
        "is refused unless it is the base64 of 32 bytes",
        arguments: ["", "AAAA", "not base64!", String(repeating: "A", count: 60)])
    func notAKey(text: String) {
        let error = #expect(throws: DirectoryError.self) { try KeyRing(base64: text, origin: "RESIDENCY_SECRETS_KEY") }
        #expect(error?.code == .wrongKey)
        #expect(error?.message.contains("RESIDENCY_SECRETS_KEY") == true)
        #expect(text.isEmpty || error?.message.contains(text) == false)
    }

    @Test("may have white space around it")
    func whiteSpace() throws {
        let text = Data(repeating: 7, count: 32).base64EncodedString()
        _ = try KeyRing(base64: " \(text)\n", origin: "test")
    }
}
