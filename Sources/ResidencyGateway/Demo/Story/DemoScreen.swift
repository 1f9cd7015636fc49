import Foundation
import RealmMigration

/// How the demo looks: a line a call, in colour on a terminal, plain elsewhere.
struct DemoScreen: Sendable {
    let style: TerminalStyle
    private static let width = 62

    func opening(_ settings: DemoSettings, keysPort: Int, euPort: Int, usPort: Int, admin: String) {
        let gateway = "gateway \(settings.plainURL)"
        let before = "  host  ──►  "
        let indent = String(repeating: " ", count: before.count + gateway.count + 2)
        Console.write(
            """

            \(style.bold("One app, two regions, one gateway"))

            \(before)\(style.link(gateway))  ──►  \(style.region("EU")) sample-eu on \(euPort), with its own database
            \(indent)└─►  \(style.region("US")) sample-us on \(usPort), with its own database

              \(style.dim("host keys on \(keysPort), admin on \(admin), files in \(settings.folder.path)"))
            """)
    }

    func chapter(_ title: String, number: Int) {
        Console.write("\n\(style.bold("\(number)  \(title)"))")
    }

    func step(_ step: DemoStep, _ seen: HostAnswerSeen, fault: String?) {
        let mark = fault == nil ? style.good("✓") : style.bad("✗")
        let title = step.title.padding(toLength: max(Self.width, step.title.count), withPad: " ", startingAt: 0)
        let milliseconds = String(format: "%5.1f ms", Double(seen.elapsed.wholeMicroseconds) / 1_000)
        var line = "  \(mark) \(title)  \(seen.status)  \(style.dim(milliseconds))  "
        if let region = seen.region { line += style.region(region) }
        if let refusal = seen.refusal { line += style.dim(refusal) }
        if let fault { line += "  " + style.bad(fault) }
        Console.write(line)
    }

    /// A step of a migration, as the host sees it.
    func hook(_ step: HostMigration.Step, _ seen: HostAnswerSeen?) {
        let isGood = seen.map { (200..<300).contains($0.status) } ?? false
        let said = seen?.json?["status"]?.text ?? seen?.json?["errorResponseCode"]?.text ?? ""
        let title = "the host calls \(step.rawValue)".padding(toLength: Self.width, withPad: " ", startingAt: 0)
        let milliseconds = String(format: "%5.1f ms", Double(seen?.elapsed.wholeMicroseconds ?? 0) / 1_000)
        let mark = isGood ? style.good("✓") : style.bad("✗")
        Console.write("  \(mark) \(title)  \(seen?.status ?? 0)  \(style.dim(milliseconds))  \(said)")
    }

    func failure(_ step: DemoStep, _ error: any Error) {
        Console.write("  \(style.bad("✗")) \(step.title)  \(style.bad("no answer: \(error)"))")
    }

    func finding(_ title: String, _ isGood: Bool, _ detail: String) {
        let mark = isGood ? style.good("✓") : style.bad("✗")
        Console.write(
            "  \(mark) \(title.padding(toLength: max(Self.width, title.count), withPad: " ", startingAt: 0))  \(detail)"
        )
    }

    func summary(calls: Int, faults: Int, elapsed: Duration) {
        let seconds = String(format: "%.1f s", Double(elapsed.wholeMilliseconds) / 1_000)
        let verdict =
            faults == 0
            ? style.good("All \(calls) checks went as they must") : style.bad("\(faults) of \(calls) went wrong")
        Console.write("\n\(verdict), in \(seconds) from start to end.\n")
    }

    func invitation(_ items: [(title: String, line: String, isLink: Bool)], settings: DemoSettings) {
        Console.write("\(style.bold("It goes on serving.")) The tokens in what follows last an hour.\n")
        for (title, line, isLink) in items {
            Console.write("  \(style.bold(title))\n    \(isLink ? style.link(line) : line)\n")
        }
        let config = settings.file("gateway.yaml")
        Console.write("  \(style.bold("The directory"))")
        Console.write("    \(style.dim("residency-gateway tenants list --config \(config)"))")
        Console.write("\n\(style.dim("Ctrl-C ends it and removes \(settings.folder.path)"))")
    }
}
