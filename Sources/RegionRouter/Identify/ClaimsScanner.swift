/// Reads the claims of a payload, and refuses what two readers could understand differently.
final class ClaimsScanner {
    /// The decoded payload; filled by ``TokenReader``.
    let json = JSONScanner()
    private(set) var claims = Claims()
    /// Which of the claims below have been met.
    private var met: UInt32 = 0

    /// The objects whose members are read.
    private enum Scope { case root, app, environment, context }

    /// The claims that are read, each once.
    private enum Name: UInt32 {
        case issuer, audience, expiry, issuedAt, notBefore, queryHash, clientKey, app, context, isolatedCloudLabel
        case installationID, apiBaseURL, environment, environmentType, cloudID, siteURL
    }

    /// Reads the whole payload.
    func scan() throws(JSONFault) {
        claims.reset()
        met = 0
        json.restart()
        json.skipSpace()
        try object(.root, depth: 1)
        try json.end()
    }

    /// The text of one claim of the outermost object, whatever its name; `nil` when it is not there, is there twice, or
    /// is not a text.
    func text(of claim: [UInt8]) -> String? {
        json.restart()
        json.skipSpace()
        do throws(JSONFault) {
            var found: Range<Int>?
            var more = try json.beginObject()
            while more {
                let name = try json.memberName()
                if json.bytes[name].elementsEqual(claim) {
                    guard found == nil, json.peek() == UInt8(ascii: "\"") else { return nil }
                    found = try json.string()
                } else {
                    try json.skipValue(depth: 1)
                }
                more = try json.hasAnother(before: UInt8(ascii: "}"))
            }
            try json.end()
            return found.map(text)
        } catch {
            return nil
        }
    }

    // MARK: Places

    func text(_ place: Range<Int>) -> String {
        place.upperBound <= json.count ? String(decoding: json.bytes[place], as: UTF8.self) : ""
    }

    func equals(_ place: Range<Int>, _ word: [UInt8]) -> Bool {
        guard place.count == word.count, place.upperBound <= json.count else { return false }
        for offset in 0..<word.count where json.bytes[place.lowerBound + offset] != word[offset] { return false }
        return true
    }

    func equals(_ place: Range<Int>, _ word: StaticString) -> Bool { json.matches(place, word) }

    func audienceContains(_ word: [UInt8]) -> Bool {
        for place in claims.audience where equals(place, word) { return true }
        return false
    }

    // MARK: Objects

    private func object(_ scope: Scope, depth: Int) throws(JSONFault) {
        var more = try json.beginObject()
        while more {
            let key = try json.memberName()
            if let name = name(key, in: scope) {
                let bit: UInt32 = 1 << name.rawValue
                guard met & bit == 0 else { throw .duplicateClaim }
                met |= bit
                try member(name, depth: depth)
            } else {
                try json.skipValue(depth: depth)
            }
            more = try json.hasAnother(before: UInt8(ascii: "}"))
        }
    }

    private func name(_ key: Range<Int>, in scope: Scope) -> Name? {
        switch scope {
        case .root: rootName(key)
        case .app:
            if json.matches(key, "installationId") {
                .installationID
            } else if json.matches(key, "apiBaseUrl") {
                .apiBaseURL
            } else {
                json.matches(key, "environment") ? .environment : nil
            }
        case .environment: json.matches(key, "type") ? .environmentType : nil
        case .context:
            if json.matches(key, "cloudId") { .cloudID } else { json.matches(key, "siteUrl") ? .siteURL : nil }
        }
    }

    private func rootName(_ key: Range<Int>) -> Name? {
        switch key.count {
        case 3:
            // Told by the first letter: one comparison for a name instead of up to seven.
            switch json.bytes[key.lowerBound] {
            case UInt8(ascii: "i"):
                if json.matches(key, "iss") { return .issuer }
                return json.matches(key, "iat") ? .issuedAt : nil
            case UInt8(ascii: "a"):
                if json.matches(key, "aud") { return .audience }
                return json.matches(key, "app") ? .app : nil
            case UInt8(ascii: "e"): return json.matches(key, "exp") ? .expiry : nil
            case UInt8(ascii: "n"): return json.matches(key, "nbf") ? .notBefore : nil
            case UInt8(ascii: "q"): return json.matches(key, "qsh") ? .queryHash : nil
            default: return nil
            }
        case 7:
            if json.matches(key, "context") { return .context }
            return json.matches(key, "icLabel") ? .isolatedCloudLabel : nil
        case 9: return json.matches(key, "clientKey") ? .clientKey : nil
        default: return nil
        }
    }

    private func member(_ name: Name, depth: Int) throws(JSONFault) {
        switch name {
        case .issuer: claims.issuer = try textValue()
        case .audience: try audience()
        case .expiry: claims.times.expiry = try json.seconds()
        case .issuedAt: claims.times.issuedAt = try json.seconds()
        case .notBefore: claims.times.notBefore = try json.seconds()
        case .queryHash: claims.queryHash = try textValue()
        case .clientKey: claims.clientKey = try textValue()
        case .app: try objectOrOther(.app, depth: depth)
        case .context: try objectOrOther(.context, depth: depth)
        case .environment: try objectOrOther(.environment, depth: depth)
        case .isolatedCloudLabel: claims.isolatedCloudLabel = try textValue()
        case .installationID: claims.installationID = try textValue()
        case .apiBaseURL: claims.apiBaseURL = try textOrOther(depth)
        case .environmentType: claims.environmentType = try textValue()
        case .cloudID: claims.cloudID = try textOrOther(depth)
        case .siteURL: claims.siteURL = try textOrOther(depth)
        }
    }

    // MARK: Values

    private func textValue() throws(JSONFault) -> Range<Int> {
        guard json.peek() == UInt8(ascii: "\"") else { throw .wrongType }
        return try json.string()
    }

    /// A claim that only describes: of another type it counts as missing.
    private func textOrOther(_ depth: Int) throws(JSONFault) -> Range<Int> {
        if json.peek() == UInt8(ascii: "\"") { return try json.string() }
        try json.skipValue(depth: depth)
        return 0..<0
    }

    private func objectOrOther(_ scope: Scope, depth: Int) throws(JSONFault) {
        // A Connect token may call something of its own `app` or `context`.
        guard json.peek() == UInt8(ascii: "{") else { return try json.skipValue(depth: depth) }
        guard depth < JSONScanner.depthLimit else { throw .tooDeep }
        try object(scope, depth: depth + 1)
    }

    private func audience() throws(JSONFault) {
        guard json.peek() == UInt8(ascii: "[") else {
            claims.audience.append(try textValue())
            return
        }
        var more = try json.beginArray()
        while more {
            json.skipSpace()
            guard claims.audience.count < Claims.audienceLimit else { throw .wrongType }
            claims.audience.append(try textValue())
            more = try json.hasAnother(before: UInt8(ascii: "]"))
        }
    }
}
