import Foundation

extension TidyCheck {
    /// What is left to do has a place, and it is not the code.
    static let noLeftovers = TidyCheck(rule: "nothing is left to be done in a comment") { file in
        // Spelled apart, or this file would complain about itself.
        let words = ["FIX" + "ME", "TO" + "DO", "XX" + "X", "HA" + "CK"]
        return eachLine(of: file, "do it, or write it where work is kept") { line in
            line.split { !$0.isLetter }.contains { words.contains(String($0)) }
        }
    }

    /// The arrows of the modules, and of the libraries each may know: the directory knows no HTTP, the router knows no
    /// SQL and no client, and a library of the system is wrapped in one target.
    static let importArrows = TidyCheck(rule: "imports follow the arrows between modules") { file in
        guard file.isIn("Sources"), let target = file.path.split(separator: "/").dropFirst().first,
            let allowed = arrows[String(target)]
        else { return [] }
        return imports(in: file.tokens).filter { !allowed.contains($0.module) && !standard.contains($0.module) }.map {
            Complaint(path: file.path, line: $0.line, what: "\(target) may not know \($0.module)")
        }
    }

    private static let standard: Set = [
        "Foundation", "FoundationEssentials", "Glibc", "Synchronization", "Dispatch", "Logging", "ServiceLifecycle",
    ]

    private static let arrows: [String: Set<String>] = [
        "TenantDirectory": ["CLibCrypto", "CLibPQ", "GRDB"],
        "RegionRouter": ["TenantDirectory", "NIOCore", "NIOPosix", "NIOTLS", "NIOSSL", "NIOHTTP2", "NIOHPACK"],
        "RealmMigration": ["TenantDirectory", "CLibCurl", "CLibPQ"],
        "ResidencyGateway": [
            "TenantDirectory", "RegionRouter", "RealmMigration", "ArgumentParser", "Configuration", "GRDB",
            "Hummingbird",
            "HummingbirdCore", "HTTPTypes", "NIOCore", "NIOPosix", "UnixSignals", "Yams",
        ],
    ]

    private static func imports(in tokens: [SwiftToken]) -> [(module: String, line: Int)] {
        let kinds: Set = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias", "actor"]
        return tokens.indices.compactMap { index in
            guard tokens[index].text == "import", index + 1 < tokens.count else { return nil }
            var next = index + 1
            if kinds.contains(tokens[next].text) { next += 1 }
            guard next < tokens.count, tokens[next].isWord else { return nil }
            return (tokens[next].text, tokens[index].line)
        }
    }
}
