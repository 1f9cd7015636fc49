import Foundation

/// Colours on a terminal, plain text elsewhere and where `NO_COLOR` asks for it.
struct TerminalStyle: Sendable {
    let isColoured: Bool

    static var standardOutput: TerminalStyle {
        let environment = ProcessInfo.processInfo.environment
        let isWanted = (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
        return TerminalStyle(isColoured: Console.isOutputTerminal && isWanted)
    }

    func bold(_ text: String) -> String { paint(text, "1") }
    func dim(_ text: String) -> String { paint(text, "2") }
    func good(_ text: String) -> String { paint(text, "32") }
    func bad(_ text: String) -> String { paint(text, "1;31") }
    func link(_ text: String) -> String { paint(text, "36") }

    /// A region in a colour of its own.
    func region(_ code: String) -> String {
        let colours = ["EU": "1;44;97", "US": "1;41;97"]
        return isColoured ? paint(" \(code) ", colours[code] ?? "1;45;97") : code
    }

    private func paint(_ text: String, _ code: String) -> String {
        isColoured ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
