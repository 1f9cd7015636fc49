import TenantDirectory
import Testing

@testable import RegionRouter

@Suite("The tenant cookie")
struct TenantCookieTests {
    private let cookie = TenantCookie(TenantCookieConfiguration(key: Secret("cookie key"), lifetime: .seconds(3_600)))
    private let tenant = TenantID(high: 7, low: 9)
    private let other = TenantID(high: 7, low: 10)

    @Test("is set for this host alone, over TLS, out of reach of scripts, one jar a site, for a time")
    func attributes() throws {
        let value = try #require(cookie).setCookie(for: tenant, now: 1_000)
        let parts = value.split(separator: "; ")
        #expect(parts.first?.hasPrefix("__Host-residency-\(tenant)=4600.") == true)
        #expect(
            Set(parts.dropFirst()) == ["Path=/", "Max-Age=3600", "Secure", "HttpOnly", "SameSite=None", "Partitioned"])
    }

    @Test("names its tenant, among others of the app's")
    func names() throws {
        let pair = try pair(tenant)
        for line in [pair, "a=b; " + pair, pair + ";c=d", " \(pair) ", "a;\(pair);;", "__Host-residency=1; \(pair)"] {
            #expect(found([line], now: 1_001) == tenant)
        }
        #expect(found(["a=b", pair], now: 1_001) == tenant)
    }

    @Test("counts as none when there is more than one")
    func several() throws {
        let (one, two) = (try pair(tenant), try pair(other))
        #expect(found([one + "; " + two], now: 1_001) == nil)
        #expect(found([one, two], now: 1_001) == nil)
        #expect(found([one + ";" + one], now: 1_001) == nil)
        #expect(found([one + "; __Host-residency-x=y"], now: 1_001) == nil)
    }

    @Test("ends with its time")
    func expiry() throws {
        #expect(found([try pair(tenant)], now: 4_599) == tenant)
        #expect(found([try pair(tenant)], now: 4_600) == nil)
    }

    @Test("counts as none when it is not ours")
    func forged() throws {
        let pair = try pair(tenant)
        let foreign = try #require(
            TenantCookie(TenantCookieConfiguration(key: Secret("another"), lifetime: .seconds(3_600))))
        let value = pair.drop { $0 != "=" }
        let forgeries = [
            String(pair.dropLast()), pair + "A", pair.replacingOccurrences("=4600.", "=9600."),
            "__Host-residency-\(other)\(value)", "__Host-residency-\(tenant)", "__Host-residency-\(tenant)=",
            "__Host-residency-\(tenant)=.", "__Host-residency-\(tenant)=4600.", "__host-residency-\(tenant)\(value)",
            "__Host-residency-\(tenant)=99999999999999999999.AAAA", "residency-\(tenant)\(value)", "", ";", "=",
            String(foreign.setCookie(for: tenant, now: 1_000).prefix { $0 != ";" }),
        ]
        for forgery in forgeries { #expect(found([forgery], now: 1_001) == nil, "\(forgery)") }
    }

    @Test("needs a key")
    func emptyKey() {
        #expect(TenantCookie(TenantCookieConfiguration(key: Secret(""), lifetime: .seconds(1))) == nil)
    }

    private func pair(_ tenant: TenantID) throws -> String {
        String(try #require(cookie).setCookie(for: tenant, now: 1_000).prefix { $0 != ";" })
    }

    private func found(_ lines: [String], now: Int64) -> TenantID? {
        var bytes: [UInt8] = []
        let places = lines.map { line in
            let start = bytes.count
            bytes += Array(line.utf8)
            return start..<bytes.count
        }
        return bytes.withUnsafeBytes { cookie?.tenant($0, places, now: now) }
    }
}

extension String {
    fileprivate func replacingOccurrences(_ old: String, _ new: String) -> String {
        split(separator: old, omittingEmptySubsequences: false).joined(separator: new)
    }
}
