/// Which listener a connection has come in by, and so what is believed of what it says.
enum Door: Sendable {
    /// The one that the host, browsers and third parties call.
    case host
    /// The peers' own: the fields between nodes count here, and nowhere else.
    case peers
}
