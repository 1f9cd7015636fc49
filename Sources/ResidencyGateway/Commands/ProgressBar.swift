/// How far a command is, on one line of standard error that is written over; nothing where that is no terminal.
struct ProgressBar: Sendable {
    let total: Int
    let what: String
    private let isShown: Bool
    private static let width = 30

    init(total: Int, what: String, isShown: Bool = Console.isErrorTerminal) {
        self.total = total
        self.what = what
        self.isShown = isShown
    }

    func show(_ done: Int) {
        guard isShown else { return }
        Console.progress(line(done))
    }

    /// Clears the line.
    func end() {
        guard isShown else { return }
        Console.progress("")
    }

    func line(_ done: Int) -> String {
        let share = total == 0 ? 1 : Double(min(done, total)) / Double(total)
        let filled = Int(share * Double(Self.width))
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Self.width - filled)
        return "\(bar) \(Int(share * 100)) %  \(done) of \(total) \(what)"
    }
}
