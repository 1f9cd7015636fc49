/// The key-encryption keys a process has: the current one seals, each of them opens what it sealed.
///
/// Sealed secrets and the directory name a key by a digest of it; people name it as the configuration does.
package struct KeyRing: Sendable {
    let current: SealingKey
    private let keys: [[UInt8]: SealingKey]
    /// What the configuration calls the keys, by their ids in hexadecimal digits.
    private let names: [String: String]

    /// A ring of one key.
    /// - Parameter name: what people call it.
    /// - Returns: `nil` unless the key is 32 bytes long.
    package init?(key: [UInt8], name: String = "") {
        guard let current = SealingKey(key) else { return nil }
        self.current = current
        keys = [current.id: current]
        names = [current.hexadecimalID: name]
    }

    /// From an environment variable, a line of a file or what a command has printed: base64 of 32 bytes.
    /// - Throws: `.wrongKey` for anything else, in a sentence that names `origin`.
    package init(base64 text: String, origin: String, name: String = "") throws(DirectoryError) {
        guard let bytes = Base64.decode(text), let ring = KeyRing(key: bytes, name: name) else {
            throw DirectoryError(
                .wrongKey,
                "\(origin) is not a key: it must be the base64 of 32 random bytes. "
                    + "Make one with `openssl rand -base64 32`, or put back the one this directory was made with.")
        }
        self = ring
    }

    /// A ring that seals with the current key of one, and opens with the keys of all.
    package init(sealing: KeyRing, opening others: [KeyRing]) {
        current = sealing.current
        keys = others.reduce(into: sealing.keys) { $0.merge($1.keys) { first, _ in first } }
        names = others.reduce(into: sealing.names) { $0.merge($1.names) { first, _ in first } }
    }

    /// The ids of all keys, in hexadecimal digits.
    var ids: Set<String> { Set(keys.values.map(\.hexadecimalID)) }

    func key(id: some Collection<UInt8>) -> SealingKey? { keys[Array(id)] }

    /// What people call a key, by its id in hexadecimal digits; `nil` where it is not in the ring.
    func name(of id: String) -> String? { names[id] }

    /// All keys for a message: `2026 (1f2e3d…)`.
    var summary: String {
        ids.sorted().map { id in
            let name = names[id] ?? ""
            return name.isEmpty ? id : "\(name) (\(id))"
        }.joined(separator: ", ")
    }

    // MARK: Signatures

    private static let signatureKind = "hmac-sha256"

    /// `hmac-sha256 KEY-ID HEX`, with a key that is derived from the one that seals.
    func sign(_ text: String) -> String { "\(Self.signatureKind) \(current.hexadecimalID) \(Self.code(text, current))" }

    /// Whether a text was signed with one of the keys.
    func isSigned(_ text: String, by signature: String) -> Bool {
        let parts = signature.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, parts[0] == Self.signatureKind,
            let key = keys.values.first(where: { $0.hexadecimalID == parts[1] })
        else { return false }
        return ConstantTime.areEqual(Array(parts[2].utf8), Array(Self.code(text, key).utf8))
    }

    private static func code(_ text: String, _ key: SealingKey) -> String {
        Hexadecimal.lowerCase(key.signer?.authenticationCode(for: Array(text.utf8)) ?? [])
    }
}
