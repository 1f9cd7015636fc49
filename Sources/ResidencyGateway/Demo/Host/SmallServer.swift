import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle

/// A small HTTP server on a loopback port, for the demo's parts: tells which port it got.
struct SmallServer: Service {
    private let application: Application<RouterResponder<BasicRequestContext>>
    private let ports: AsyncStream<Int>

    init(router: Hummingbird.Router<BasicRequestContext>, host: String, port: Int, name: String) {
        let (ports, bound) = AsyncStream<Int>.makeStream(bufferingPolicy: .bufferingNewest(1))
        // What goes wrong is in the answers; a demo's terminal is not for server logs.
        var logger = Logger(label: name)
        logger.logLevel = .error
        application = Application(
            router: router, configuration: .init(address: .hostname(host, port: port), serverName: name),
            onServerRunning: { channel in
                if let port = channel.localAddress?.port { bound.yield(port) }
            },
            logger: logger)
        self.ports = ports
    }

    func run() async throws { try await application.runService(gracefulShutdownSignals: []) }

    /// The port, as soon as it is bound; `nil` when the server ended before.
    func boundPort() async -> Int? {
        for await port in ports { return port }
        return nil
    }
}

extension Response {
    /// An answer of JSON.
    static func json(_ value: JSONValue, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) -> Response {
        var headers = headers
        headers[.contentType] = "application/json"
        return Response(
            status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: value.bytes)))
    }

    static func text(_ text: String, type: String, headers: HTTPFields = [:]) -> Response {
        var headers = headers
        headers[.contentType] = type
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
