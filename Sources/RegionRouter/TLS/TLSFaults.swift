/// Everything that is wrong with the files of one listener or one way to a server, said at once.
package struct TLSFaults: Error, Sendable, Equatable, CustomStringConvertible {
    package let list: [TLSFault]

    package init(_ list: [TLSFault]) { self.list = list }

    package var description: String { list.map(\.description).joined(separator: "; ") }
}
