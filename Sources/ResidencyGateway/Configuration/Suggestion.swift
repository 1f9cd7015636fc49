/// Finds the word somebody meant.
enum Suggestion {
    /// `is unknown; did you mean …?`, or the list of what there is where nothing is near.
    static func sentence(for word: String, among known: [String]) -> String {
        if let near = nearest(to: word, among: known) { return "is not a key; did you mean `\(near)`?" }
        return "is not a key; there are \(known.sorted().map { "`\($0)`" }.joined(separator: ", "))"
    }

    /// The known word with the fewest changes to it, if these are few for its length.
    static func nearest(to word: String, among known: [String]) -> String? {
        let lower = word.lowercased()
        let near = known.map { (word: $0, distance: distance(lower, $0.lowercased())) }
            .min { ($0.distance, $0.word) < ($1.distance, $1.word) }
        guard let near, near.distance <= max(1, min(3, word.count / 3)) else { return nil }
        return near.word
    }

    /// Insertions, deletions, changes and exchanges of neighbours between two words (at most 64 letters of each).
    static func distance(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left.prefix(64)), Array(right.prefix(64)))
        guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
        var before: [Int] = []
        var above = Array(0...right.count)
        for row in 1...left.count {
            var current = [row]
            for column in 1...right.count {
                let isSame = left[row - 1] == right[column - 1]
                var best = min(above[column] + 1, current[column - 1] + 1, above[column - 1] + (isSame ? 0 : 1))
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                    best = min(best, before[column - 2] + 1)
                }
                current.append(best)
            }
            (before, above) = (above, current)
        }
        return above[right.count]
    }
}
