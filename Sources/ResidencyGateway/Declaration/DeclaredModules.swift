import RegionRouter
import Yams

/// Finds the calls that the modules of a declaration make the host do: every `url` at any depth, whatever the module is
/// called, so that a kind of module that is new to us is found as well.
struct DeclaredModules {
    let bases: [WebAddress]
    private(set) var calls: [DeclaredCall] = []

    /// What is loaded by a browser or written in a page, and never signed.
    private static let unsigned: Set<String> = [
        "icon", "icons", "imagePlaceholder", "documentation", "links", "vendor", "thumbnail",
    ]
    /// Members whose `url` gets a POST.
    private static let posted: Set<String> = ["triggered", "blueprintContext"]

    init(bases: [WebAddress]) { self.bases = bases }

    /// - Parameters:
    ///   - modules: a mapping from kinds of modules (`webPanels`, `jira:webhooks`) to one module or a list.
    ///   - leavingOut: kinds that are no calls with a token of the tenant.
    mutating func collect(_ modules: Node, leavingOut: Set<String> = []) {
        guard let mapping = modules.mapping else { return }
        for (key, value) in mapping {
            let kind = key.scalar?.string ?? ""
            guard !leavingOut.contains(kind) else { continue }
            let isWebhook = kind == "webhooks" || kind.hasSuffix(":webhooks")
            collect(value, method: isWebhook ? "POST" : "GET")
        }
    }

    private mutating func collect(_ node: Node, method: String) {
        switch node {
        case .scalar, .alias: return
        case .sequence(let sequence): for value in sequence { collect(value, method: method) }
        case .mapping(let mapping):
            // `page` and `product` links lead into the host.
            let context = mapping["context"]?.scalar?.string
            let isOfHost = context == "product" || context == "page"
            for (key, value) in mapping {
                let name = key.scalar?.string ?? ""
                if name == "url", let text = value.scalar?.string {
                    if !isOfHost { add(text, method) }
                } else if !Self.unsigned.contains(name) {
                    collect(value, method: Self.posted.contains(name) ? "POST" : method)
                }
            }
        }
    }

    private mutating func add(_ text: String, _ method: String) {
        guard let path = DeclaredPath.relative(text, to: bases) else { return }
        let call = DeclaredCall(method: method, path: path)
        if !calls.contains(call) { calls.append(call) }
    }
}
