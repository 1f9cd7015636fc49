import Synchronization
import TenantDirectory

/// The regions that this node owns by the configuration in force.
final class LiveRegions: Sendable {
    private let list: Mutex<[Region]>

    init(_ list: [Region]) { self.list = Mutex(list) }

    var current: [Region] {
        get { list.withLock { $0 } }
        set { list.withLock { $0 = newValue } }
    }
}
