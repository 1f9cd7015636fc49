import Foundation

/// The files that belong to the project, as they lie on the disk.
enum Repository {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Code, scripts and documents under the folders of the project, in the order of their paths.
    static func files() throws -> [SourceFile] { try read.get() }

    /// Read and cut into tokens once, for all checks.
    private static let read = Result { try readAll() }

    private static func readAll() throws -> [SourceFile] {
        var files = try ["README.md", "Makefile", "Package.swift", ".ci/run"].map { try file($0) }
        for folder in ["Sources", "Tests", "config"] {
            let found = FileManager.default.enumerator(
                atPath: root.appendingPathComponent(folder).resolvingSymlinksInPath().path)
            while let path = found?.nextObject() as? String {
                guard kinds.contains(where: { path.hasSuffix($0) }), !path.contains("Fixtures/") else { continue }
                files.append(try file(folder + "/" + path))
            }
        }
        return files.sorted { $0.path < $1.path }
    }

    static func file(_ path: String) throws -> SourceFile {
        SourceFile(path, try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8))
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path)
    }

    /// What stands at the top level, hidden files left out.
    static func topLevel() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.path).filter { !$0.hasPrefix(".") }.sorted()
    }

    private static let kinds = [".swift", ".py", ".sh", ".lua", ".md", ".yaml", ".yml", ".service"]
}
