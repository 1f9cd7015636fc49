/// Turns secrets into what may be stored, and back: AES-256-GCM, bound to the tenant.
///
/// A sealed secret is: one byte of format (1), 8 bytes of key id, 12 of nonce, the ciphertext, 16 of tag. The tenant's
/// id is authenticated with it, so that a secret that is copied to another tenant's row does not open.
package struct SecretSealer: Sendable {
    private static let format: UInt8 = 1
    let ring: KeyRing

    package init(_ ring: KeyRing) { self.ring = ring }

    func seal(_ secret: Secret, for tenant: TenantID) -> [UInt8] {
        [Self.format] + ring.current.id + ring.current.cipher.seal(secret.bytes, context: tenant.bytes)
    }

    /// - Throws: `.wrongKey` where the ring lacks the key; `.notADirectory` where the stored bytes were changed.
    func open(_ sealed: [UInt8], for tenant: TenantID) throws(DirectoryError) -> Secret {
        let headerCount = 1 + SealingKey.idByteCount
        guard sealed.count > headerCount, sealed.first == Self.format else { throw damaged(tenant) }
        let id = sealed[1..<headerCount]
        guard let key = ring.key(id: id) else { throw Self.wrongKey(sealedWith: Hexadecimal.lowerCase(id), ring: ring) }
        guard let bytes = key.cipher.open(Array(sealed[headerCount...]), context: tenant.bytes) else {
            throw damaged(tenant)
        }
        return Secret(bytes)
    }

    /// The id of the key a secret was sealed with, in hexadecimal digits; `nil` for what was never sealed here.
    static func keyID(of sealed: [UInt8]) -> String? {
        guard sealed.count > 1 + SealingKey.idByteCount, sealed.first == format else { return nil }
        return Hexadecimal.lowerCase(sealed[1...SealingKey.idByteCount])
    }

    static func wrongKey(sealedWith id: String, ring: KeyRing) -> DirectoryError {
        DirectoryError(
            .wrongKey,
            "Secrets in this directory are sealed with the key \(id), which is not among those this process has: "
                + "\(ring.summary). Add it to `secrets.keys`, or put back the file in `secrets.keyFile`, and start "
                + "again; `secrets status` on a node that has it says what is sealed with it, and `secrets rotate` "
                + "there seals all anew. If it is lost, start with an empty directory and have each site reinstall "
                + "the app.")
    }

    private func damaged(_ tenant: TenantID) -> DirectoryError {
        DirectoryError(
            .notADirectory,
            "The stored secret of tenant \(tenant) is damaged. Restore the directory from a backup, or have the site "
                + "reinstall the app.")
    }
}

extension TenantID {
    /// The id as 16 bytes, high half first.
    var bytes: [UInt8] {
        [high, low].flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * $0)) } }
    }
}
