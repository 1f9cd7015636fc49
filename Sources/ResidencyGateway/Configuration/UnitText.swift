/// Sizes and times as people write them: the unit stands in the value.
enum UnitText {
    private static let sizes: [(unit: String, bytes: Int)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1), ("", 1),
    ]
    private static let times: [(unit: String, milliseconds: Int)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ]

    /// Reads `32KiB`, `1GiB`, `512B` or a plain number of bytes.
    static func bytes(_ text: String) throws(Misfit) -> Int {
        let (digits, unit) = split(text)
        guard let number = Int(digits), let size = sizes.first(where: { $0.unit == unit }) else {
            throw Misfit("must be a size such as 512B, 32KiB, 1MiB or 1GiB, not \(Misfit.shown(text))")
        }
        let (bytes, isTooLarge) = number.multipliedReportingOverflow(by: size.bytes)
        guard !isTooLarge else { throw Misfit("is too large a size: \(Misfit.shown(text))") }
        return bytes
    }

    /// Writes a size with the largest unit that leaves a whole number.
    static func bytes(_ count: Int) -> String {
        guard let size = sizes.first(where: { !$0.unit.isEmpty && count != 0 && count.isMultiple(of: $0.bytes) }) else {
            return "0B"
        }
        return "\(count / size.bytes)\(size.unit)"
    }

    /// Reads `500ms`, `10s`, `5m`, `1h` or `30d`.
    static func duration(_ text: String) throws(Misfit) -> Duration {
        let (digits, unit) = split(text)
        guard let number = Int(digits), !(unit.isEmpty && number != 0) else {
            throw Misfit(
                "must be a time with its unit, such as 500ms, 10s, 5m, 1h or 30d, not \(Misfit.shown(text))")
        }
        guard unit.isEmpty == false, let time = times.first(where: { $0.unit == unit }) else {
            if unit.isEmpty { return .zero }
            throw Misfit(
                "must be a time with its unit, such as 500ms, 10s, 5m, 1h or 30d, not \(Misfit.shown(text))")
        }
        let (milliseconds, isTooLarge) = number.multipliedReportingOverflow(by: time.milliseconds)
        guard !isTooLarge else { throw Misfit("is too long a time: \(Misfit.shown(text))") }
        return .milliseconds(milliseconds)
    }

    /// Writes a time with the largest unit that leaves a whole number; parts of a millisecond are cut.
    static func duration(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let milliseconds = Int(seconds) * 1_000 + Int(attoseconds / 1_000_000_000_000_000)
        guard let time = times.first(where: { milliseconds != 0 && milliseconds.isMultiple(of: $0.milliseconds) })
        else {
            return "0s"
        }
        return "\(milliseconds / time.milliseconds)\(time.unit)"
    }

    private static func split(_ text: String) -> (digits: Substring, unit: Substring) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        return (digits, text.dropFirst(digits.count))
    }
}
