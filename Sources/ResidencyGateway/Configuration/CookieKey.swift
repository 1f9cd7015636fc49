import Foundation
import TenantDirectory

/// The key that signs the tenant cookie, from its file: the same on all nodes, so none makes it by itself.
enum CookieKey {
    /// - Returns: `nil` while the cookie is off.
    /// - Throws: ``Complaints`` where the file cannot be read, or holds no key.
    static func load(_ configuration: GatewayConfiguration) throws(Complaints) -> Secret? {
        let settings = configuration.identify.cookie
        guard settings.enabled else { return nil }
        let place = configuration.place(of: "identify.cookie.keyFile")
        guard let data = FileManager.default.contents(atPath: settings.keyFile), data.count <= 4_096 else {
            throw Complaints(
                place, "identify.cookie.keyFile",
                "cannot be read: \(settings.keyFile); make it with "
                    + "`(umask 077; openssl rand -base64 32 > \(settings.keyFile))`")
        }
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard let bytes = Data(base64Encoded: text), bytes.count >= 32 else {
            throw Complaints(
                place, "identify.cookie.keyFile",
                "holds no key: \(settings.keyFile) must be the base64 of 32 random bytes or more")
        }
        return Secret(Array(bytes))
    }
}
