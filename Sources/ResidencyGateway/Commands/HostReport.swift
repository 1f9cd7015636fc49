import RealmMigration

/// How an answer is shown.
enum HostReport {
    static func write(_ seen: HostAnswerSeen, json: Bool) {
        guard !json else {
            Console.write(String(decoding: seen.report.bytes, as: UTF8.self))
            return
        }
        let style = TerminalStyle.standardOutput
        let isGood = (200..<300).contains(seen.status)
        let status = isGood ? style.good("\(seen.status)") : style.bad("\(seen.status)")
        var line = "\(seen.call.title)  \(status)"
        if let region = seen.region { line += "  answered in \(style.region(region))" }
        if let refusal = seen.refusal { line += "  refused: \(refusal)" }
        Console.write(line)
        let body = seen.response.text
        if !body.isEmpty { Console.write(style.dim(String(body.prefix(2_000)))) }
    }
}
