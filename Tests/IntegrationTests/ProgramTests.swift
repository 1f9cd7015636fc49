import Foundation
import Testing

@Suite("The program")
struct ProgramTests {
    @Test("is built beside the tests")
    func isBuilt() {
        let folder = Bundle.main.bundleURL.deletingLastPathComponent()
        #expect(FileManager.default.fileExists(atPath: folder.path))
    }
}
