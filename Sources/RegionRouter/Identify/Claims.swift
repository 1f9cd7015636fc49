/// The claims of a token that Identify reads, as places in the payload's buffer. An empty place stands for a claim that
/// is not there, and for an empty text, which is as good as none.
struct Claims {
    typealias Place = Range<Int>

    /// Seconds since 1970. Apart, since they are looked at where the rest is not: a copy of them counts nothing.
    struct Times {
        var expiry: Int64?
        var issuedAt: Int64?
        var notBefore: Int64?
    }

    var issuer: Place = 0..<0
    /// Each entry of `aud`, which may be a text or a list.
    var audience: [Place] = []
    var times = Times()
    var queryHash: Place = 0..<0
    /// Session tokens of Spring Boot and Play name their tenant here.
    var clientKey: Place = 0..<0
    // Forge (connect-protocol §8.3).
    var installationID: Place = 0..<0
    var apiBaseURL: Place = 0..<0
    var environmentType: Place = 0..<0
    var cloudID: Place = 0..<0
    var siteURL: Place = 0..<0
    var isolatedCloudLabel: Place = 0..<0

    /// Entries of `aud`. A list longer than this is refused.
    static let audienceLimit = 16

    /// Forgets all, and keeps the list's memory.
    mutating func reset() {
        var audience = self.audience
        self.audience = []
        audience.removeAll(keepingCapacity: true)
        self = Claims()
        self.audience = audience
    }
}
