import TenantDirectory

extension PostgresSide {
    /// What a failure means for the move.
    /// - Parameter what: was done, as in "raising the fence".
    func migrationError(_ error: any Error, _ what: String) -> MigrationError {
        if let error = error as? MigrationError { return error }
        guard let failure = error as? PostgresSessionError else {
            return MigrationError(.unavailable, "\(what) in \(title) did not end.", cause: error)
        }
        let (code, meaning) = Self.meaning(failure)
        return MigrationError(code, "\(title): \(what): \(meaning)", cause: failure)
    }

    private static func meaning(_ failure: PostgresSessionError) -> (MigrationError.Code, String) {
        switch failure.kind {
        case .unreachable: return (.unavailable, "the database cannot be reached. Start it, or correct its URL.")
        case .connection, .silence: return (.unavailable, "the connection broke. Try again.")
        case .statement: break
        }
        switch failure.sqlState {
        case "55P03", "57014": return (.inTheWay, "something stood in the way for too long.")
        case "40001", "40P01", "25P03", "57P01", "57P02", "57P03": return (.unavailable, "try again.")
        case "23505": return (.differs, "a row of that key is there already.")
        case "23503": return (.differs, "a row refers to one that is not there.")
        case "42P01", "42703", "42704", "42804": return (.schemaChanged, "the tables are not what they were.")
        case "42501":
            return (.blocked, "the role may not do that. Give it the ownership or right that the plan names.")
        case "53100", "53200", "53300", "53400": return (.unavailable, "the server is out of room.")
        default:
            let isOurs = failure.sqlState.hasPrefix("53") || failure.sqlState.hasPrefix("08")
            return (isOurs ? .unavailable : .blocked, "the server refused it.")
        }
    }
}
