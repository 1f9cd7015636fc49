/// Where things stand in the bytes of an app instance's response head, and what follows from them.
///
/// As strict as with requests: an instance that breaks framing gives 502, since a body taken wrongly would be one
/// tenant's data in another's answer.
package struct ResponseHead: Sendable {
    /// How the end of the body is known (RFC 9112 §6.3).
    package enum Framing: Sendable, Equatable {
        case none
        case length(Int)
        case chunked
        /// It ends with the connection.
        case close
    }

    package var status = 0
    package var framing = Framing.none
    /// Whether the instance keeps the connection.
    package var keepAlive = true
    package var upgradesToWebSocket = false
    /// Where the field lines start, after the status line.
    package var fieldsStart = 0
    /// The status line after the version, from the space before the code on.
    package var statusText: Range<Int> = 0..<0
    package var end = 0
    /// The value of `X-Residency-Peer`, from a peer alone.
    package var peer: Range<Int> = 0..<0
    /// Whole field lines (with CRLF) that are not forwarded, in order.
    package var dropped: [Range<Int>] = []

    package init() {}

    /// A 1xx that is not 101: the final head is still to come.
    package var isInterim: Bool { (100..<200).contains(status) && status != 101 }
}
