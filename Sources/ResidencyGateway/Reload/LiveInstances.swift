import RegionRouter
import Synchronization
import TenantDirectory

/// The app instances of the configuration in force, for those who look after them.
final class LiveInstances: Sendable {
    private let list: Mutex<[Region: UpstreamAddress]>

    init(_ list: [Region: UpstreamAddress]) { self.list = Mutex(list) }

    var current: [Region: UpstreamAddress] {
        get { list.withLock { $0 } }
        set { list.withLock { $0 = newValue } }
    }
}
