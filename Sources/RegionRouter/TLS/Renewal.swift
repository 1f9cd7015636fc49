/// What a look at files has come to.
package enum Renewal: Sendable, Equatable {
    /// None has changed.
    case unchanged
    /// They have been read; later handshakes get the new.
    case renewed
    /// They cannot be used; the old stays.
    case refused(TLSFaults)
}
