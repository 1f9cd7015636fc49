/// An app as its served descriptor shows it to the host.
struct ServedApp: Sendable {
    let key: String
    let baseURL: String
    let regionBaseURLs: [String: String]
    /// Paths by event.
    let lifecycle: [String: String]
    /// Paths of pages, templates left out.
    let pages: [String]
    /// Paths of webhooks.
    let webhooks: [String]

    /// - Returns: `nil` for what is not a descriptor.
    init?(_ descriptor: JSONValue) {
        guard let key = descriptor["key"]?.text, let baseURL = descriptor["baseUrl"]?.text else { return nil }
        self.key = key
        self.baseURL = baseURL
        regionBaseURLs = (descriptor["regionBaseUrls"]?.members ?? [:]).compactMapValues(\.text)
        lifecycle = (descriptor["lifecycle"]?.members ?? [:]).compactMapValues(\.text)
        let modules = (descriptor["modules"]?.members ?? [:]).sorted { $0.key < $1.key }
        var pages: [String] = []
        var webhooks: [String] = []
        for (name, list) in modules {
            let urls = (list.elements.isEmpty ? [list] : list.elements).compactMap { $0["url"]?.text }
            if name == "webhooks" {
                webhooks += urls
            } else {
                pages += urls.filter { !$0.contains("{") && !$0.contains("://") }
            }
        }
        self.pages = pages
        self.webhooks = webhooks
    }

    /// An app without a descriptor, at its plain base URL.
    init(baseURL: String) {
        self.baseURL = baseURL.hasSuffix("/") ? String(baseURL.dropLast()) : baseURL
        (key, regionBaseURLs, lifecycle, pages, webhooks) = ("", [:], [:], [], [])
    }

    /// The base URL the host calls for a site in a region.
    func baseURL(region: String?) throws -> String {
        guard let region, region != "GLOBAL" else { return baseURL }
        guard let url = regionBaseURLs[region] else {
            let known = regionBaseURLs.keys.sorted().joined(separator: ", ")
            throw HostError("the app declares no region \(region); it declares \(known.isEmpty ? "none" : known)")
        }
        return url
    }
}
