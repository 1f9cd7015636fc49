import RegionRouter
import TenantDirectory

extension RouterPlan {
    /// Base URLs without TLS are for this machine: elsewhere tokens would be there for everybody on the way to read.
    mutating func refusePlainURLs() {
        let settings = configuration.publicURLs
        if let url = settings.baseURL { refusePlain("public.baseUrl", url) }
        for (region, url) in settings.regionBaseURLs.sorted(by: { $0.key < $1.key }) {
            refusePlain("public.regionBaseUrls.\(region.code)", url)
        }
        for (region, urls) in configuration.app.instances.sorted(by: { $0.key < $1.key }) {
            for url in urls { refusePlain("app.instances.\(region.code)", url) }
        }
        // The declared ones are either what the host calls or where the app runs; with both given they are neither.
        guard settings.isEmpty || configuration.app.instances.isEmpty else { return }
        if let sentence = plainSentence(declaration.baseURL) {
            complain(ofDeclared: declaration.framework == .connect ? "baseUrl" : "remotes", sentence)
        }
        for (region, url) in declaration.regionBaseURLs.sorted(by: { $0.key < $1.key }) {
            if let sentence = plainSentence(url) { complain(ofDeclared: declaredField(region), sentence) }
        }
    }

    private mutating func refusePlain(_ key: String, _ url: WebAddress) {
        if let sentence = plainSentence(url) { complain(key, sentence) }
    }

    private func plainSentence(_ url: WebAddress) -> String? {
        guard url.scheme == .http, !Self.isThisMachine(url.host), !configuration.plainHosts.contains(url.host) else {
            return nil
        }
        return "must begin with https://, because \(url.host) is not this machine and tokens would travel in clear; "
            + "where the network there is private, add \(url.host) to plainHosts"
    }

    private static func isThisMachine(_ host: String) -> Bool {
        host == "localhost" || host.hasSuffix(".localhost") || host == "::1"
            || (host.hasPrefix("127.") && IPAddress(host) != nil)
    }
}
