import Testing

@testable import TenantDirectory

@Suite("Sealed secrets")
struct SecretSealerTests {
    let secret = Secret("a secret of the host's")

    func sealer(_ byte: UInt8 = 1) throws -> SecretSealer {
        SecretSealer(try #require(KeyRing(key: [UInt8](repeating: byte, count: 32))))
    }

    @Test("open for the tenant they were sealed for")
    func roundTrip() throws {
        let tenant = TenantID.random()
        let sealed = try sealer().seal(secret, for: tenant)
        #expect(try sealer().open(sealed, for: tenant) == secret)
    }

    @Test("do not hold the secret in clear")
    func notInClear() throws {
        let sealed = try sealer().seal(secret, for: .random())
        let text = Array("secret".utf8)
        #expect(!sealed.indices.contains { sealed[$0...].starts(with: text) })
    }

    @Test("do not open for another tenant, nor when a byte was changed")
    func damaged() throws {
        let tenant = TenantID.random()
        let sealed = try sealer().seal(secret, for: tenant)
        #expect(code { try sealer().open(sealed, for: .random()) } == .notADirectory)
        #expect(code { try sealer().open([], for: tenant) } == .notADirectory)
        var changed = sealed
        changed[sealed.count - 1] ^= 1
        #expect(code { try sealer().open(changed, for: tenant) } == .notADirectory)
    }

    @Test("say which key they need when another is given, and never the key or the secret")
    func wrongKey() throws {
        let tenant = TenantID.random()
        let sealed = try sealer(1).seal(secret, for: tenant)
        let other = try sealer(2)
        do {
            _ = try other.open(sealed, for: tenant)
            Issue.record("another key must not open it")
        } catch {
            #expect(error.code == .wrongKey)
            #expect(error.description.contains(try sealer(1).ring.current.hexadecimalID))
            #expect(!error.description.contains("secret of the host"))
        }
    }

    private func code(_ body: () throws -> Secret) -> DirectoryError.Code? {
        do {
            _ = try body()
            return nil
        } catch {
            return (error as? DirectoryError)?.code
        }
    }
}
