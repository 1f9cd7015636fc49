/// How far the target is behind, as the source knows it.
package struct StoreLag: Sendable, Codable, Equatable {
    /// Bytes of log that have not been sent; an estimate.
    package var bytes: Int64
    /// What would hold up a cutover: transactions by process and age. Empty where nothing does.
    package var inTheWay: [String]

    package init(bytes: Int64, inTheWay: [String] = []) {
        self.bytes = bytes
        self.inTheWay = inTheWay
    }
}
