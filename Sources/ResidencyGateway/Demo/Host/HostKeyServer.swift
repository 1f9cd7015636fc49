import Hummingbird
import TenantDirectory

/// Serves the simulator's public keys: each PEM under its name, and the Forge key set.
enum HostKeyServer {
    static let keySetPath = "/.well-known/jwks.json"

    static func make(
        installKeys: HostKeyPair, forgeKeys: HostKeyPair, host: String = "127.0.0.1", port: Int
    ) -> SmallServer {
        let router = Hummingbird.Router()
        let set = JSONValue.object(["keys": .array([forgeKeys.setMember])])
        router.get("/.well-known/jwks.json") { _, _ in Response.json(set) }
        router.get("/{kid}") { _, context in
            guard context.parameters.get("kid") == installKeys.kid else {
                return Response(status: .notFound)
            }
            return .text(installKeys.key.publicPEM, type: "application/x-pem-file")
        }
        return SmallServer(router: router, host: host, port: port, name: "host-keys")
    }
}
