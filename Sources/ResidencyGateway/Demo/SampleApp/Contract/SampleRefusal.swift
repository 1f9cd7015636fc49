import RealmMigration

/// Why the sample app refuses a call of the contract.
struct SampleRefusal: Error {
    let code: StoreRefusal.Code
    let message: String

    init(_ code: StoreRefusal.Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The tenant's row is not as the act needs it.
    static func past(_ row: SampleTenantRow, _ act: String) -> SampleRefusal {
        SampleRefusal(.overtaken, "\(act) is not for a tenant that is \(row.state.rawValue) at epoch \(row.epoch)")
    }
}
