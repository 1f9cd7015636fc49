/// The key-encryption keys a process has: the current one seals, each of them opens what it sealed.
///
/// A ring has one key until keys are rotated; the ids in sealed secrets and in the directory are there from the start.
package struct KeyRing: Sendable {
    let current: SealingKey
    private let keys: [[UInt8]: SealingKey]

    /// A ring of one key.
    /// - Returns: `nil` unless the key is 32 bytes long.
    package init?(key: [UInt8]) {
        guard let current = SealingKey(key) else { return nil }
        self.current = current
        keys = [current.id: current]
    }

    /// From an environment variable or a line of a file: base64 of 32 bytes.
    /// - Throws: `.wrongKey` for anything else, in a sentence that names `origin`.
    package init(base64 text: String, origin: String) throws(DirectoryError) {
        guard let bytes = Base64.decode(text), let ring = KeyRing(key: bytes) else {
            throw DirectoryError(
                .wrongKey,
                "\(origin) is not a key: it must be the base64 of 32 random bytes. "
                    + "Make one with `openssl rand -base64 32`, or put back the one this directory was made with.")
        }
        self = ring
    }

    /// The ids of all keys, in hexadecimal digits.
    var ids: Set<String> { Set(keys.values.map(\.hexadecimalID)) }

    func key(id: some Collection<UInt8>) -> SealingKey? { keys[Array(id)] }
}
