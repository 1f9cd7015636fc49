/// Which calls the declaration names: the host makes them, so a computed qsh is due there.
///
/// A path is compared as the app's framework may compare it: without regard to case, to a slash at the end, to
/// percent-encoding, to repeated slashes and to `;parameters`, so that no other spelling of a declared path gets by
/// with a context token.
struct DeclaredPaths {
    fileprivate struct Patterns {
        var literals: [[UInt8]] = []
        var templates: [PathTemplate] = []
    }

    private var get = Patterns()
    private var post = Patterns()

    init(_ calls: [DeclaredCall]) {
        for call in calls {
            let template = PathTemplate(call.path, ignoresCase: true)
            switch call.method.uppercased() {
            case "POST": post.add(template)
            default: get.add(template)
            }
        }
    }

    /// - Parameter path: relative to the base URL, as sent.
    func declare(_ method: RequestHead.Method, _ path: UnsafeRawBufferPointer) -> Bool {
        let patterns: Patterns
        switch method {
        case .get, .head: patterns = get
        case .post: patterns = post
        default: return false
        }
        if patterns.match(path) { return true }
        guard let plain = Self.plain(path) else { return false }
        return plain.withUnsafeBytes { patterns.match($0) }
    }

    /// The path as a lenient framework sees it; `nil` where that is how it was sent.
    private static func plain(_ path: UnsafeRawBufferPointer) -> [UInt8]? {
        let slash = UInt8(ascii: "/")
        var needed = path.isEmpty || path[0] != slash
        for (index, byte) in path.enumerated() {
            if byte == UInt8(ascii: "%") || byte == UInt8(ascii: ";") { needed = true }
            if byte == slash, index > 0, path[index - 1] == slash { needed = true }
        }
        guard needed else { return nil }
        var result: [UInt8] = [slash]
        var isParameter = false
        for byte in EncodedText.decode(path, plusIsSpace: false) {
            if byte == UInt8(ascii: ";") { isParameter = true }
            if byte == slash {
                isParameter = false
                if result.last == slash { continue }
            }
            if !isParameter { result.append(byte) }
        }
        return result
    }
}

extension DeclaredPaths.Patterns {
    fileprivate mutating func add(_ template: PathTemplate) {
        if let literal = template.literal { literals.append(literal) } else { templates.append(template) }
    }

    fileprivate func match(_ path: UnsafeRawBufferPointer) -> Bool {
        var count = path.count
        if count > 1, path[count - 1] == UInt8(ascii: "/") { count -= 1 }
        search: for literal in literals where literal.count == count {
            for index in 0..<count where path[index].lowerCased != literal[index] { continue search }
            return true
        }
        for template in templates where template.match(path) != nil { return true }
        return false
    }
}
