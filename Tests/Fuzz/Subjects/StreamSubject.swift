import NIOCore
import NIOHPACK
import TestSupport

@testable import RegionRouter

/// The fields of an HTTP/2 request, one a line with a tab between name and value (`\r`, `\n` and `\t` written as `\`
/// and a letter): what is made of them is one head of HTTP/1.1, and it says what they said.
struct StreamSubject {
    static func take(_ bytes: UnsafeRawBufferPointer) -> CInt {
        var pairs: [(String, String)] = []
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let parts = line.split(separator: UInt8(ascii: "\t"), maxSplits: 1, omittingEmptySubsequences: false)
            let texts = parts.map { Self.unescaped(String(decoding: $0, as: UTF8.self)) }
            pairs.append((texts.first ?? "", texts.count > 1 ? texts[1] : ""))
        }
        // As the decoder makes them: names of any bytes, which `add` would not take.
        let fields = HPACKHeaders(pairs)
        for endsStream in [true, false] {
            guard let head = try? StreamRequestHead(fields, endsStream: endsStream) else { continue }
            read(head, fields)
        }
        return 0
    }

    private static func read(_ stream: StreamRequestHead, _ fields: HPACKHeaders) {
        var (lines, head) = (HeadScanner(), RequestHead())
        stream.bytes.withUnsafeReadableBytes { bytes in
            guard let progress = try? lines.scan(bytes, limits: HTTPLimits()) else { return }
            rule(progress == .complete(bytes.count), "one head, and nothing behind it")
            guard (try? head.read(bytes, lines: lines, end: bytes.count, limits: HTTPLimits())) != nil else { return }
            rule(head.framing == stream.framing || head.framing == .length(0), "the body is framed as was said")
            rule(!head.keepAlive && !head.upgradesToWebSocket && head.minorVersion == 1, "it ends with its answer")
            let path = HTTPBytes.text(bytes, head.path) + (head.hasQuery ? "?" + HTTPBytes.text(bytes, head.query) : "")
            rule([path] == fields[":path"], "the target is the path")
            rule([HTTPBytes.text(bytes, head.methodRange)] == fields[":method"], "the method is the method")
            let host = HTTPBytes.text(bytes, head.host)
            rule((fields[":authority"] + fields["host"]).contains(host), "the host is the authority")
            let own = 3 + (fields["cookie"].isEmpty ? 0 : 1)
            rule(head.fieldCount <= fields.count + own, "no field has come from nowhere")
        }
    }

    private static func unescaped(_ text: String) -> String {
        text.replacing("\\r", with: "\r").replacing("\\n", with: "\n").replacing("\\t", with: "\t")
    }
}
