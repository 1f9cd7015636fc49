package import TenantDirectory

/// One of the base URLs the host calls: which region it stands for, and the path that all its URLs begin with. A class,
/// so that handing it on with every request counts one reference and not five.
package final class PublicEndpoint: Sendable, Equatable {
    /// The region, or `GLOBAL` for the plain base URL.
    package let region: Region
    /// The whole base URL without a trailing slash, as in the descriptor: `https://eu.example.com/app`.
    package let baseURL: String
    /// Host name in lower case, with the port where the URL names one.
    package let authority: String
    /// `/app`, or empty. What qsh covers is the path after it.
    package let basePath: String
    /// The base path as it is compared with the paths of requests.
    package let basePathBytes: [UInt8]

    package init(region: Region, baseURL: String, authority: String, basePath: String) {
        self.region = region
        self.baseURL = baseURL
        self.authority = authority
        self.basePath = basePath
        self.basePathBytes = Array(basePath.utf8)
    }

    package static func == (left: PublicEndpoint, right: PublicEndpoint) -> Bool {
        left.region == right.region && left.baseURL == right.baseURL && left.authority == right.authority
            && left.basePath == right.basePath
    }
}
