/// What a transaction is going to answer. The numbers of its changes are taken last, so the answer is made after that.
struct Change<Value>: Sendable where Value: Sendable {
    /// Makes the answer, given the first number that was taken; 0 where none was.
    let answer: @Sendable (_ first: Int64) -> Value

    init(_ answer: @escaping @Sendable (_ first: Int64) -> Value) { self.answer = answer }

    /// An answer without a number in it.
    static func none(_ value: Value) -> Change { Change { _ in value } }
}

extension Change<Tenant> {
    /// A record that carries the n-th number of its transaction.
    static func numbered(_ tenant: Tenant, _ number: Int) -> Change {
        Change { first in
            var tenant = tenant
            tenant.sequence = first + Int64(number)
            return tenant
        }
    }
}
