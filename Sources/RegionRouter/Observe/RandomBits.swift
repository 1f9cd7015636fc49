/// Quick random numbers for names of requests and traces, one source an event loop, seeded from the system's.
/// SplitMix64 (Steele, Lea, Flood 2014). Nothing that must not be guessed is made with it.
struct RandomBits {
    private var state: UInt64

    init() { state = .random(in: .min ... .max) }

    @inline(__always)
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
