import CLibCurl
import Glibc
import TenantDirectory

/// What a socket callback returns to refuse an address.
let residencyNoSocket: curl_socket_t = -1

/// No child process inherits a connection.
let closeOnExec = Int32(SOCK_CLOEXEC.rawValue)

/// A call under way: its easy handle, and what libcurl's callbacks have brought so far. Lives on the loop's thread.
final class OutboundExchange {
    /// Bytes of all fields of an answer together.
    private static let maxHeaderBytes = 64 * 1024

    let transfer: OutboundTransfer
    let easy: UnsafeMutableRawPointer
    private let policy: AddressPolicy
    /// Whether the addresses seen are the proxy's, which the configuration names.
    private let usesProxy: Bool
    private var fields: UnsafeMutablePointer<curl_slist>?
    private var ways: UnsafeMutablePointer<curl_slist>?
    /// What libcurl says of a failure beside its code.
    private let errorText: UnsafeMutablePointer<CChar>
    private var headers: [(name: String, value: String)] = []
    private var headerBytes = 0
    private var body: [UInt8] = []
    private var isOversized = false
    private var refusedAddress: IPAddress?

    /// - Returns: `nil` when libcurl has no memory for a handle.
    init?(_ transfer: OutboundTransfer, policy: AddressPolicy, proxy: String) {
        guard let easy = curl_easy_init() else { return nil }
        self.transfer = transfer
        self.easy = easy
        self.policy = policy
        self.usesProxy = !proxy.isEmpty
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        curl_easy_cleanup(easy)
        curl_slist_free_all(fields)
        curl_slist_free_all(ways)
        errorText.deallocate()
    }

    // MARK: Options

    /// Sets every option of the call.
    func prepare(_ configuration: OutboundConfiguration) throws(OutboundError) {
        let request = transfer.request
        let milliseconds = max(1, request.timeout.wholeMilliseconds)
        let bounds: [(CURLoption, Int)] = [
            (CURLOPT_NOSIGNAL, 1), (CURLOPT_FOLLOWLOCATION, 0), (CURLOPT_TIMEOUT_MS, milliseconds),
            (CURLOPT_CONNECTTIMEOUT_MS, min(milliseconds, 5_000)), (CURLOPT_SSL_VERIFYPEER, 1),
            (CURLOPT_SSL_VERIFYHOST, 2), (CURLOPT_MAXCONNECTS, 16), (CURLOPT_NOPROGRESS, 1),
        ]
        for (option, value) in bounds { try check(residency_curl_set_long(easy, option, value)) }
        let texts: [(CURLoption, String)] = [
            (CURLOPT_URL, request.url), (CURLOPT_PROXY, configuration.proxy), (CURLOPT_NOPROXY, ""),
            (CURLOPT_PROTOCOLS_STR, "http,https"), (CURLOPT_REDIR_PROTOCOLS_STR, "http,https"),
            (CURLOPT_USERAGENT, "residency-gateway"),
        ]
        for (option, value) in texts { try check(residency_curl_set_text(easy, option, value)) }
        try prepareTLS(configuration.tls)
        try prepareBody(request)
        // libcurl would ask for 100 Continue before longer bodies, and wait a second for servers that do not know it.
        var lines = request.headers.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        lines.append("Expect:")
        for line in lines { fields = curl_slist_append(fields, line) }
        try check(residency_curl_set_fields(easy, fields))
        try prepareCallbacks()
    }

    private func prepareTLS(_ tls: OutboundTLS) throws(OutboundError) {
        let files = [
            (CURLOPT_CAINFO, tls.authorityFile), (CURLOPT_SSLCERT, tls.chainFile),
            (CURLOPT_SSLKEY, tls.keyFile),
        ]
        for case (let option, let file?) in files { try check(residency_curl_set_text(easy, option, file)) }
        if let server = transfer.request.server {
            ways = curl_slist_append(ways, "::\(server)")
            try check(residency_curl_set_ways(easy, ways))
        }
        try check(residency_curl_set_error_text(easy, errorText))
    }

    private func prepareBody(_ request: OutboundRequest) throws(OutboundError) {
        if request.method == "HEAD" { try check(residency_curl_set_long(easy, CURLOPT_NOBODY, 1)) }
        if !request.body.isEmpty || request.method == "POST" {
            try check(residency_curl_set_long(easy, CURLOPT_POST, 1))
            try check(residency_curl_set_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.count)))
            // COPYPOSTFIELDS copies as many bytes as were announced above.
            let code = request.body.withUnsafeBytes { bytes in
                bytes.baseAddress.map { residency_curl_set_bytes(easy, CURLOPT_COPYPOSTFIELDS, $0) }
                    ?? residency_curl_set_text(easy, CURLOPT_COPYPOSTFIELDS, "")
            }
            try check(code)
        }
        if request.method != "GET", request.method != "HEAD" {
            try check(residency_curl_set_text(easy, CURLOPT_CUSTOMREQUEST, request.method))
        }
    }

    private func prepareCallbacks() throws(OutboundError) {
        // The loop keeps the exchange alive for as long as libcurl has the handle.
        let context = Unmanaged.passUnretained(self).toOpaque()
        try check(residency_curl_set_pointer(easy, CURLOPT_PRIVATE, context))
        try check(
            residency_curl_on_body(
                easy, { bytes, size, count, context in OutboundExchange.at(context)?.take(bytes, size * count) ?? 0 },
                context))
        try check(
            residency_curl_on_field(
                easy,
                { bytes, size, count, context in OutboundExchange.at(context)?.takeField(bytes, size * count) ?? 0 },
                context))
        try check(
            residency_curl_on_open(
                easy,
                { context, _, address in
                    guard let address else { return residencyNoSocket }
                    return OutboundExchange.at(context)?.open(address) ?? residencyNoSocket
                }, context))
    }

    private func check(_ code: CURLcode) throws(OutboundError) {
        guard code == CURLE_OK else {
            throw OutboundError(.failed, "libcurl refuses an option of the call to \(transfer.origin): \(text(code))")
        }
    }

    static func at(_ context: UnsafeMutableRawPointer?) -> OutboundExchange? {
        context.map { Unmanaged<OutboundExchange>.fromOpaque($0).takeUnretainedValue() }
    }

    // MARK: Callbacks

    private func open(_ address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
        let given = address.pointee
        guard let target = IPAddress(family: given.family, at: residency_curl_address(address)) else {
            return residencyNoSocket
        }
        guard usesProxy || policy.permits(target) else {
            refusedAddress = target
            return residencyNoSocket
        }
        return socket(given.family, given.socktype | closeOnExec, given.protocol)
    }

    /// - Returns: the bytes taken; fewer than given end the transfer.
    private func take(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        guard body.count + count <= transfer.request.maxBytes else {
            isOversized = true
            return 0
        }
        body.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
        return count
    }

    private func takeField(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        headerBytes += count
        guard headerBytes <= Self.maxHeaderBytes else {
            isOversized = true
            return 0
        }
        let line = String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
        if line.hasPrefix("HTTP/") {
            // A status line: what came before belonged to an interim answer.
            headers.removeAll()
        } else if let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...]
            headers.append((line[..<colon].lowercased(), value.trimmingBlanks()))
        }
        return count
    }

    // MARK: The end

    /// What a finished transfer brought.
    func outcome(_ result: CURLcode) -> OutboundTransfer.Outcome {
        let origin = transfer.origin
        if isOversized {
            return .failure(
                OutboundError(.oversized, "the answer of \(origin) is longer than \(transfer.request.maxBytes) bytes"))
        }
        guard result == CURLE_OK else { return .failure(error(result)) }
        var status = 0
        guard residency_curl_get_status(easy, &status) == CURLE_OK, status > 0 else {
            return .failure(OutboundError(.brokenAnswer, "\(origin) answered without a status"))
        }
        if (300..<400).contains(status), status != 304 {
            return .failure(OutboundError(.redirected, "\(origin) answered with a redirect, which is not followed"))
        }
        return .success(OutboundResponse(status: status, headers: headers, body: body))
    }

    private func error(_ result: CURLcode) -> OutboundError {
        let origin = transfer.origin
        if let refusedAddress {
            return OutboundError(
                .refusedAddress,
                "\(origin) is at \(refusedAddress), which is not a public address; if that is meant to be, add it to "
                    + "outbound.allow")
        }
        let code: OutboundError.Code =
            switch result {
            case CURLE_URL_MALFORMAT: .badURL
            case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .unresolved
            case CURLE_COULDNT_CONNECT: .unreachable
            case CURLE_OPERATION_TIMEDOUT: .timeout
            case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE,
                CURLE_SSL_CERTPROBLEM, CURLE_SSL_ISSUER_ERROR:
                .untrusted
            // The URL's protocol was looked at before: an answer without a head is of none that we speak.
            case CURLE_UNSUPPORTED_PROTOCOL, CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_PARTIAL_FILE,
                CURLE_HTTP2,
                CURLE_HTTP2_STREAM, CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING:
                .brokenAnswer
            default: .failed
            }
        return OutboundError(code, "no answer from \(origin): \(code == .untrusted ? detail(result) : text(result))")
    }

    /// Which of the many things that can be wrong with a certificate it is; names hosts and files alone.
    private func detail(_ result: CURLcode) -> String {
        let said = String(cString: errorText)
        return said.isEmpty ? text(result) : said
    }

    private func text(_ code: CURLcode) -> String {
        curl_easy_strerror(code).map { String(cString: $0) } ?? "code \(code.rawValue)"
    }
}

extension Duration {
    /// Milliseconds, rounded down.
    package var wholeMilliseconds: Int {
        Int(components.seconds) * 1_000 + Int(components.attoseconds / 1_000_000_000_000_000)
    }
}

extension Substring {
    fileprivate func trimmingBlanks() -> String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r\n" || $0 == "\n" || $0 == "\r" }
        return String(drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }
}
