import NIOCore
import ServiceLifecycle

/// A service that listens, whose failure to do so is said with the address and what to change.
struct ListenerService: Service {
    let service: any Service
    let host: String
    let port: Int
    /// The key that names the port.
    let key: String

    func run() async throws {
        do {
            try await service.run()
        } catch let error as IOError {
            throw ListenError(
                description: "Cannot listen on \(host):\(port): \(error). Free the address, or change \(key).")
        }
    }
}

/// A listener that could not be bound.
struct ListenError: Error, CustomStringConvertible {
    let description: String
}
