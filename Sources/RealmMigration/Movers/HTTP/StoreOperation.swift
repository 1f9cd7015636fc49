/// The calls of the contract (`config/store-contract.yaml`), in the order in which a move makes them. Their names are
/// their paths under the store's URL.
package enum StoreOperation: String, Sendable, CaseIterable {
    case survey
    case claim
    case prepare
    case collections
    case export
    case cursors
    case `import`
    case changes
    case lag
    case confirm
    case changed
    case digests
    case rows
    case freeze
    case mark
    case seal
    case decide
    case open
    case unseal
    case purge
    case finish
    case clean = "clean-up"

    /// `GET` for those that change nothing and need no body.
    package var method: String {
        switch self {
        case .survey, .collections, .export, .cursors, .changes, .lag, .changed: "GET"
        default: "POST"
        }
    }

    /// Whether rows pass: more time, longer bodies.
    var movesRows: Bool {
        switch self {
        case .prepare, .export, .import, .changes, .digests, .rows, .purge, .clean: true
        default: false
        }
    }
}
