import Foundation

/// What a reader of the README would stumble over.
enum ReadmeCheck {
    /// Links to files of the repository that are not there. Addresses elsewhere and anchors are not looked at.
    static func deadLinks(in readme: SourceFile, exists: (String) -> Bool) -> [Complaint] {
        eachMatch(of: "\\]\\(([^)#]+)[^)]*\\)", in: readme) { target in
            target.contains("://") || exists(target) ? nil : "\(target) is not there"
        }
    }

    /// `make` commands, in code, whose target the Makefile does not have.
    static func missingTargets(in readme: SourceFile, makefile: SourceFile) -> [Complaint] {
        let targets = Set(
            makefile.lines.compactMap { line -> String? in
                guard let colon = line.firstIndex(of: ":"), line.first?.isLetter == true else { return nil }
                return String(line[..<colon])
            })
        return eachMatch(of: "(?:^ *|`)make ([a-z]+)", in: readme) { target in
            targets.contains(target) ? nil : "the Makefile has no target \(target)"
        }
    }

    /// Names in a source file, found by a pattern's first group, that the README does not tell of in code.
    static func untold(_ pattern: String, of source: SourceFile, in readme: SourceFile) -> [Complaint] {
        eachMatch(of: pattern, in: source) { name in
            readme.text.contains("`\(name)`") ? nil : "\(readme.path) does not tell of `\(name)`"
        }
    }

    private static func eachMatch(
        of pattern: String, in file: SourceFile, complain: (String) -> String?
    ) -> [Complaint] {
        guard let expression = try? NSRegularExpression(pattern: pattern) else { return [] }
        return file.lines.enumerated().flatMap { index, line in
            let text = String(line)
            let matches = expression.matches(in: text, range: NSRange(text.startIndex..., in: text))
            return matches.compactMap { match -> Complaint? in
                guard let range = Range(match.range(at: 1), in: text), let what = complain(String(text[range])) else {
                    return nil
                }
                return Complaint(path: file.path, line: index + 1, what: what)
            }
        }
    }
}
