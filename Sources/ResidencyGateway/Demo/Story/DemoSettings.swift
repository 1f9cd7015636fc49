import Foundation
import Glibc

/// The files of a demo, in a folder of its own that goes with it.
struct DemoSettings: Sendable {
    static let forgeAppID = "ari:cloud:ecosystem::app/3f6b2c1e-0d4a-4e8b-9a57-residencydemo"

    let folder: URL
    /// The gateway's port, which is part of the public URLs.
    let port: Int

    /// - Parameter port: the one that is wished for; another free one where it is taken, or for 0.
    init(port wished: Int) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("residency-demo-\(HostNames.uuid())")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        guard let port = (wished == 0 ? nil : Self.freePort(wished)) ?? Self.quietPort() ?? Self.freePort(0) else {
            throw HostError("there is no free port on 127.0.0.1")
        }
        self.port = port
    }

    /// A free port below those that the system gives to outgoing connections, so that nobody gets it by chance between
    /// now and the gateway's start.
    private static func quietPort() -> Int? {
        for _ in 0..<64 {
            if let port = freePort(.random(in: 10_000..<32_000)) { return port }
        }
        return nil
    }

    func file(_ name: String) -> String { folder.appendingPathComponent(name).path }

    func remove() { try? FileManager.default.removeItem(at: folder) }

    var plainURL: String { "http://127.0.0.1:\(port)" }
    func regionURL(_ region: String) -> String { "http://\(region.lowercased()).localhost:\(port)" }

    /// Writes declaration and configuration, as a vendor would.
    /// - Parameter stores: the line of the configuration that says what can be moved; empty for nothing.
    /// - Returns: the path of the configuration.
    func write(euPort: Int, usPort: Int, keysPort: Int, stores: String = "") throws -> String {
        let descriptor = SampleDescriptor.value(
            baseURL: plainURL, regionBaseURLs: ["EU": regionURL("EU"), "US": regionURL("US")])
        try Data(descriptor.encoded(pretty: true)).write(to: URL(fileURLWithPath: file("atlassian-connect.json")))
        let text = """
            node:      { id: demo-1 }
            app:
              declaration: atlassian-connect.json
              instances: { EU: ["http://127.0.0.1:\(euPort)"], US: ["http://127.0.0.1:\(usPort)"] }
            listen:    { host: 127.0.0.1, port: \(port) }
            admin:     { host: 127.0.0.1, port: 0 }
            directory: { store: sqlite, path: residency.sqlite }
            secrets:   { keyFile: residency.key }
            connect:   { installKeysUrl: "http://127.0.0.1:\(keysPort)" }
            forge:
              appId: "\(Self.forgeAppID)"
              jwksUrl: "http://127.0.0.1:\(keysPort)\(HostKeyServer.keySetPath)"
            outbound:  { allow: [127.0.0.1] }
            \(stores)
            log:       { access: false, level: error }
            defaultRegion: EU

            """
        let path = file("gateway.yaml")
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    /// The sample app's data, for ``write(euPort:usPort:keysPort:stores:)``: it moves it itself.
    static func stores(euPort: Int, usPort: Int) -> String {
        func url(_ port: Int) -> String { "\"http://127.0.0.1:\(port)\(SampleContract.path)\"" }
        return "stores: [{ name: sample, kind: http, urls: { EU: \(url(euPort)), US: \(url(usPort)) }, "
            + "secret: $\(SampleAppCommand.secretVariable) }]"
    }

    /// - Returns: the port if it can be bound now.
    private static func freePort(_ port: Int) -> Int? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var reuse: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(truncatingIfNeeded: port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 && getsockname(descriptor, address, &length) == 0
            }
        }
        return isBound ? Int(in_port_t(bigEndian: address.sin_port)) : nil
    }
}
