import NIOCore
import RegionRouter
import TenantDirectory

/// The body of a lifecycle callback (connect-protocol §3.3), as far as the gateway needs it. Parsing checks the form
/// of every member that is read, and names the member that is wrong; the values themselves are in no error.
struct LifecycleBody: Sendable, Equatable {
    /// The app key.
    let key: String
    let clientKey: String
    /// In `installed` alone.
    let sharedSecret: Secret?
    let baseURL: HostBaseURL?
    let productType: String?
    let cloudID: String?
    /// Connect on Forge: the name of the same installation there.
    let installationID: String?

    /// Characters of a name; the host's are around 40 and 100.
    private static let nameLength = 255
    /// Characters of a secret; the host's have up to 128.
    private static let secretLength = 512

    /// - Throws: `badBody`.
    init(_ body: ByteBuffer, event: LifecycleEvent) throws(RouterError) {
        let members = try BodyMembers(Array(body.readableBytesView))
        if let given = try Self.text("eventType", in: members), given != event.rawValue {
            throw Self.wrong("eventType", "must be \"\(event.rawValue)\" on this path")
        }
        key = try Self.required("key", in: members)
        clientKey = try Self.required("clientKey", in: members)
        let isInstall = event == .installed
        let secret =
            isInstall
            ? try Self.required("sharedSecret", in: members, length: Self.secretLength)
            : nil
        sharedSecret = secret.map { Secret($0) }
        let address = isInstall ? try Self.required("baseUrl", in: members) : try Self.text("baseUrl", in: members)
        if let address {
            guard let url = HostBaseURL(address) else {
                throw Self.wrong("baseUrl", "must be an https URL without user name, query or fragment")
            }
            baseURL = url
        } else {
            baseURL = nil
        }
        productType = try Self.text("productType", in: members)
        cloudID = try Self.text("cloudId", in: members)
        installationID = try Self.text("installationId", in: members)
    }

    private static func required(
        _ name: String, in members: BodyMembers, length: Int = nameLength
    ) throws(RouterError) -> String {
        guard let text = try text(name, in: members, length: length) else { throw wrong(name, "is missing") }
        return text
    }

    /// - Returns: `nil` for a member that is not there, or `null`.
    private static func text(
        _ name: String, in members: BodyMembers, length: Int = nameLength
    ) throws(RouterError) -> String? {
        switch members.values[name] {
        case nil, .null: return nil
        case .other(let type): throw wrong(name, "must be a text, not \(type)")
        case .text(let text):
            guard !text.isEmpty else { throw wrong(name, "is empty") }
            guard text.utf8.count <= length else { throw wrong(name, "is longer than \(length) bytes") }
            guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
                throw wrong(name, "holds control characters")
            }
            return text
        }
    }

    static func wrong(_ name: String, _ what: String) -> RouterError {
        RouterError(.badBody, "The body's \"\(name)\" \(what).")
    }
}
