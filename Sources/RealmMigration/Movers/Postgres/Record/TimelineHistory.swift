/// Where the timelines of a server ended, as its history file says: a line each, `1<TAB>0/5000110<TAB>why`. Pure.
struct TimelineHistory: Equatable {
    private var ends: [String: LogPosition] = [:]

    init(_ text: String) {
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let words = line.split(whereSeparator: { $0 == "\t" || $0 == " " })
            guard words.count >= 2, let end = LogPosition(words[1]) else { continue }
            ends[String(words[0])] = end
        }
    }

    /// Where the timeline was left for the next one; `nil` where the server never was on it.
    func end(of timeline: String) -> LogPosition? { ends[timeline] }
}
