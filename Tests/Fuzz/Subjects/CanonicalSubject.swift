@testable import RegionRouter
import TestSupport

/// A path and, behind the first line end, a query: the canonical request beside a plain implementation of it.
struct CanonicalSubject {
    // libFuzzer calls from one thread, one input at a time.
    nonisolated(unsafe) static var shared = CanonicalSubject()

    private var canonical = CanonicalRequest()

    mutating func take(_ bytes: UnsafeRawBufferPointer) -> CInt {
        let parts = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
        let path = UnsafeRawBufferPointer(rebasing: parts[0])
        let query = UnsafeRawBufferPointer(rebasing: parts.count > 1 ? parts[1] : bytes[bytes.count...])
        let base = Array("/base".utf8)
        for (order, plainOrder) in [
            (CanonicalRequest.Order.java, ReferenceCanonicalRequest.Order.java), (.javaScript, .javaScript),
        ] {
            let hash = Array("get".utf8).withUnsafeBytes { method in
                canonical.hash(method: method, path: path, basePath: base, query: query, order: order)
            }
            rule(hash.count == 64, "a hash has 64 digits")
            let isHashed = Array("GET".utf8).withUnsafeBytes { method in
                canonical.isHashed(as: hash[...], method: method, path: path, basePath: base, query: query)
            }
            rule(isHashed, "either order is accepted")
            guard Self.isComparable(path), Self.isComparable(query), Self.decodesToText(query) else { continue }
            let plain = ReferenceCanonicalRequest(
                method: "get", path: String(decoding: path, as: UTF8.self), basePath: "/base",
                query: String(decoding: query, as: UTF8.self))
            rule(Array(plain.hash(plainOrder).utf8) == hash, "the plain implementation has the same hash")
        }
        return 0
    }

    /// Only what a request line can hold; the plain implementation works on texts.
    private static func isComparable(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count < 2_048 && bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    private static func decodesToText(_ query: UnsafeRawBufferPointer) -> Bool {
        QueryParameters(query).allSatisfy { parameter in
            [parameter.name, parameter.value].allSatisfy { place in
                let text = EncodedText.decode(query.part(place), plusIsSpace: true)
                return String(validating: text, as: UTF8.self) != nil
            }
        }
    }
}
