import RegionRouter
import TenantDirectory

extension RouterPlan {
    /// The URLs the host calls: those of `public`, else the declared ones where `app.instances` says that they are not
    /// the instances.
    mutating func endpoints(_ defaultRegion: Region?) -> [PublicEndpoint] {
        let settings = configuration.publicURLs
        guard !settings.isEmpty else {
            guard !configuration.app.instances.isEmpty else {
                complain(
                    "public.baseUrl",
                    "is missing; say what the host calls, or with app.instances where the app runs: "
                        + "one of the two is what "
                        + "the app declares")
                return []
            }
            return distinct(plain: declaration.baseURL, regions: declaration.regionBaseURLs, defaultRegion)
        }
        guard let base = settings.baseURL else {
            complain("public.baseUrl", "is missing beside public.regionBaseUrls; it is what the host calls for GLOBAL")
            return []
        }
        for region in declaration.regionBaseURLs.keys.sorted() where settings.regionBaseURLs[region] == nil {
            complain(
                "public.regionBaseUrls.\(region.code)",
                "is missing, and the app declares \(region); say what the host calls for it")
        }
        for region in settings.regionBaseURLs.keys.sorted() where declaration.regionBaseURLs[region] == nil {
            complain(
                "public.regionBaseUrls.\(region.code)",
                "is not declared by the app; add \(region) to \(declaration.source) or take it out here")
        }
        return distinct(plain: base, regions: settings.regionBaseURLs, defaultRegion)
    }

    /// One endpoint a URL. Two regions at one URL cannot be told apart; the default region may share the plain one.
    private mutating func distinct(
        plain: WebAddress, regions: [Region: WebAddress], _ defaultRegion: Region?
    ) -> [PublicEndpoint] {
        var endpoints: [PublicEndpoint] = []
        for (region, url) in regions.sorted(by: { $0.key < $1.key }) {
            let endpoint = PublicEndpoint(region, url)
            if let other = endpoints.first(where: { $0.isAtSamePlace(as: endpoint) }) {
                complainOfPublic(
                    region,
                    "is the URL of \(other.region) as well, \(url); "
                        + "give each region its own, because a call to it says "
                        + "nothing about the region")
            }
            endpoints.append(endpoint)
        }
        let global = PublicEndpoint(.global, plain)
        if let other = endpoints.first(where: { $0.isAtSamePlace(as: global) }) {
            if other.region != defaultRegion {
                complainOfPublic(
                    other.region,
                    "is the plain base URL as well, \(plain); that is possible for the default region alone, which is "
                        + "\(defaultRegion?.code ?? "not known")")
            }
        } else {
            endpoints.append(global)
        }
        return endpoints
    }

    private mutating func complainOfPublic(_ region: Region, _ sentence: String) {
        if configuration.publicURLs.isEmpty {
            complain(ofDeclared: declaredField(region), sentence)
        } else {
            complain("public.regionBaseUrls.\(region.code)", sentence)
        }
    }

    /// The app instance of each region that this node owns.
    mutating func instances(_ defaultRegion: Region?, _ endpoints: [PublicEndpoint]) -> [Region: [UpstreamAddress]] {
        let known = Set(declaration.regionBaseURLs.keys).union([defaultRegion].compactMap { $0 })
        for region in Set(configuration.node.regions).subtracting(known).sorted() {
            complain("node.regions", "names \(region), which the app does not declare")
        }
        // Without either, nobody can say what the declared URLs are.
        guard !configuration.app.instances.isEmpty || !configuration.publicURLs.isEmpty else { return [:] }
        let owned = configuration.node.regions.isEmpty ? known : Set(configuration.node.regions)
        let given =
            configuration.app.instances.isEmpty
            ? declaredInstances(defaultRegion) : configuredInstances(known: known, owned: owned)
        var instances: [Region: [UpstreamAddress]] = [:]
        for (region, urls) in given.sorted(by: { $0.key < $1.key }) where owned.contains(region) {
            for url in urls { check(region, url, endpoints) }
            instances[region] = urls.map { UpstreamAddress($0) }
        }
        return instances
    }

    /// The declared URLs, where they are the instances.
    private mutating func declaredInstances(_ defaultRegion: Region?) -> [Region: [WebAddress]] {
        var instances = declaration.regionBaseURLs
        guard let defaultRegion else { return instances.mapValues { [$0] } }
        if let url = instances[defaultRegion], url != declaration.baseURL {
            complain(
                ofDeclared: declaredField(defaultRegion),
                "is another app instance than the plain base URL, \(declaration.baseURL), "
                    + "but tenants of both live in the "
                    + "default region \(defaultRegion); make them the same, or set defaultRegion to a code of its own")
        } else {
            instances[defaultRegion] = declaration.baseURL
        }
        return instances.mapValues { [$0] }
    }

    private mutating func configuredInstances(known: Set<Region>, owned: Set<Region>) -> [Region: [WebAddress]] {
        let given = configuration.app.instances
        for region in given.keys.sorted() where !known.contains(region) {
            complain(
                "app.instances.\(region.code)",
                "is not declared by the app; add \(region) to \(declaration.source) or take it out here")
        }
        for region in given.keys.sorted() where known.contains(region) && !owned.contains(region) {
            complain("app.instances.\(region.code)", "is not one of node.regions; take it out, or add it there")
        }
        for region in owned.sorted() where given[region] == nil && known.contains(region) {
            complain(
                "app.instances.\(region.code)",
                "is missing; "
                    + (declaration.regionBaseURLs[region] == nil
                        ? "\(region) is the default region" : "\(region) is declared by the app")
                    + ", so say where the app runs that serves it")
        }
        for (region, urls) in given.sorted(by: { $0.key < $1.key }) {
            checkList(urls, "app.instances.\(region.code)")
        }
        return given
    }

    /// What makes a list of servers impossible.
    mutating func checkList(_ urls: [WebAddress], _ key: String) {
        if urls.count > RouterConfiguration.maxServersPerRegion {
            complain(
                key,
                "has \(urls.count) URLs; at most \(RouterConfiguration.maxServersPerRegion) are taken, so put a load "
                    + "balancer in front of some")
        }
        for url in Set(urls.filter { url in urls.count { $0 == url } > 1 }).sorted(by: {
            $0.description < $1.description
        }) {
            complain(key, "names \(url) twice; requests are spread over the URLs by themselves")
        }
    }

    /// What makes an instance's URL impossible.
    private mutating func check(_ region: Region, _ url: WebAddress, _ endpoints: [PublicEndpoint]) {
        var sentences: [String] = []
        if url.host.hasSuffix(".localhost") {
            sentences.append("has a host name under localhost, which servers do not resolve; write 127.0.0.1")
        }
        let isListener =
            configuration.listen.port == url.port && url.port != 0
            && (url.host == configuration.listen.host
                || Self.isLocal(url.host) && Self.isLocal(configuration.listen.host))
        if isListener || endpoints.contains(where: { $0.authority == url.authority && $0.basePath == url.path }) {
            sentences.append(
                "is \(isListener ? "where the gateway itself listens" : "a public URL as well"), \(url); "
                    + "calls would go "
                    + "round in a loop")
        }
        let paths = Set(endpoints.filter { $0.region == region || $0.region == .global }.map(\.basePath))
        if !url.path.isEmpty, !paths.isEmpty, !paths.contains(url.path) {
            sentences.append(
                "has the path \(url.path), which the public base URL has not; "
                    + "paths are forwarded as they come, so the two "
                    + "must be the same")
        }
        for sentence in sentences {
            if configuration.app.instances.isEmpty {
                complain(ofDeclared: declaredInstanceField(region), sentence)
            } else {
                complain("app.instances.\(region.code)", sentence)
            }
        }
    }

    private func declaredInstanceField(_ region: Region) -> String {
        if declaration.regionBaseURLs[region] != nil { return declaredField(region) }
        return declaration.framework == .connect ? "baseUrl" : "remotes"
    }

    private static func isLocal(_ host: String) -> Bool {
        ["localhost", "::", "::1", "0.0.0.0"].contains(host) || host.hasPrefix("127.")
    }
}

extension UpstreamAddress {
    /// Where the server of a URL is.
    init(_ url: WebAddress) { self.init(host: url.host, port: url.port, isSecure: url.scheme == .https) }
}

extension PublicEndpoint {
    fileprivate convenience init(_ region: Region, _ url: WebAddress) {
        self.init(region: region, baseURL: url.description, authority: url.authority, basePath: url.path)
    }

    fileprivate func isAtSamePlace(as other: PublicEndpoint) -> Bool {
        authority == other.authority && basePath == other.basePath
    }
}
