import Foundation
import RegionRouter
import TestSupport
import Testing

@Suite("Certificates in files")
struct CertificateTests {
    private static var now: Int64 { Int64(Date().timeIntervalSince1970) }

    @Test("that cannot be used are refused with the file, the reason and what to do, all at once")
    func faults() throws {
        let folder = try ScratchFolder()
        let authority = try TestAuthority(in: folder.path)
        let good = try authority.issue("good", for: ["good.example.com"])
        let other = try authority.issue("other", for: ["other.example.com"])
        let encrypted = folder.file("encrypted.pem")
        try TestAuthority.openssl(["pkey", "-in", good.keyFile, "-aes256", "-passout", "pass:x", "-out", encrypted])
        let text = folder.file("text.pem")
        try "no certificate\n".write(toFile: text, atomically: true, encoding: .utf8)
        let empty = folder.file("empty.pem")
        try "".write(toFile: empty, atomically: true, encoding: .utf8)
        func faults(_ chain: String, _ key: String, now: Int64 = Self.now) -> [String] {
            let tls = ServerTLS(certificates: [CertificateFiles(chainFile: chain, keyFile: key)])
            do throws(TLSFaults) {
                _ = try ServerContexts(tls, now: now)
                return []
            } catch {
                return error.list.map(\.description)
            }
        }
        #expect(faults(good.chainFile, good.keyFile) == [])
        #expect(faults(good.chainFile, other.keyFile).first?.contains("other-key.pem is not the key of") == true)
        #expect(faults(good.chainFile, encrypted).first?.contains("is an encrypted key") == true)
        #expect(faults(text, empty).count == 2)
        #expect(faults(text, empty).first?.contains("text.pem holds no certificate") == true)
        #expect(faults(text, empty).last?.contains("empty.pem holds no private key") == true)
        #expect(faults(folder.file("none"), folder.path).first?.contains("is not there") == true)
        #expect(faults(folder.file("none"), folder.path).last?.contains("is not a file") == true)
        #expect(
            faults(good.chainFile, good.keyFile, now: Self.now + 31 * 86_400).first?.contains("has expired, on 20")
                == true)
        #expect(
            faults(good.chainFile, good.keyFile, now: Self.now - 86_400).first?.contains("is not valid yet") == true)
        #expect(throws: TLSFaults.self) { try ClientContext(ClientTLS(authorityFile: text), now: Self.now) }
    }

    @Test("are chosen by exact name first, then by wildcard, then the first of all")
    func choice() throws {
        let folder = try ScratchFolder()
        let authority = try TestAuthority(in: folder.path)
        let contexts = try ServerContexts(
            ServerTLS(certificates: [
                try authority.issue("first", for: ["app.example.com"]),
                try authority.issue("wild", for: ["*.example.com"]),
                try authority.issue("eu", for: ["eu.example.com"]),
            ]), now: Self.now)
        let first = contexts.context(for: "app.example.com")
        let (wild, eu) = (contexts.context(for: "us.example.com"), contexts.context(for: "EU.example.com."))
        #expect(first !== wild && wild !== eu && first !== eu)
        #expect(contexts.context(for: nil) === first && contexts.context(for: "elsewhere.com") === first)
        #expect(contexts.context(for: "a.b.example.com") === first && contexts.context(for: "localhost") === first)
        #expect(contexts.covers("us.example.com") && !contexts.covers("example.com") && !contexts.covers("a.b.com"))
        #expect(contexts.warnings.isEmpty)
    }

    @Test("that are to be shown for a name they do not have are worth a warning")
    func warning() throws {
        let folder = try ScratchFolder()
        var files = try TestAuthority(in: folder.path).issue("one", for: ["one.example.com"])
        files.names = ["two.example.com"]
        let contexts = try ServerContexts(ServerTLS(certificates: [files]), now: Self.now)
        #expect(contexts.warnings.first?.contains("two.example.com") == true)
    }

    @Test("are read again when they have changed, and stay as they were when the new ones are broken")
    func renewal() throws {
        let folder = try ScratchFolder()
        let authority = try TestAuthority(in: folder.path)
        let files = try authority.issue("site", for: ["old.example.com"])
        let renewable = try Renewable(ServerTLS(certificates: [files])) { Self.now }
        #expect(renewable.renew() == .unchanged && renewable.renew(always: true) == .renewed)
        try "broken".write(toFile: files.chainFile, atomically: true, encoding: .utf8)
        guard case .refused = renewable.renew() else {
            Issue.record("a broken file was taken")
            return
        }
        #expect(renewable.renew() == .unchanged)
        #expect(renewable.current.covers("old.example.com"))
        _ = try authority.issue("site", for: ["new.example.com"])
        #expect(renewable.renew() == .renewed)
        #expect(renewable.current.covers("new.example.com") && !renewable.current.covers("old.example.com"))
    }
}
