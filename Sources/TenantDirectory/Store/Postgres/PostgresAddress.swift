import CLibPQ

/// What a connection URL says, as far as people and checks need it.
package struct PostgresAddress: Sendable, Equatable {
    /// `postgresql://host:5432/database`, without user, password and options: for logs and messages.
    package let name: String
    package let hasPassword: Bool
    /// `disable` … `verify-full`; `nil` where the URL leaves it to libpq.
    package let sslMode: String?
    /// How many hosts are tried, one after the other.
    let hostCount: Int

    /// - Throws: `.unavailable` for what libpq cannot read. The message does not repeat the text: it may hold a
    ///   password.
    package init(_ url: String) throws(DirectoryError) {
        var complaint: UnsafeMutablePointer<CChar>?
        defer { if let complaint { PQfreemem(complaint) } }
        guard !url.utf8.contains(0), let options = PQconninfoParse(url, &complaint) else { throw Self.misfit }
        defer { PQconninfoFree(options) }
        var values: [String: String] = [:]
        var next = options
        while let keyword = next.pointee.keyword {
            if let value = next.pointee.val { values[String(cString: keyword)] = String(cString: value) }
            next += 1
        }
        let hosts = values["host"] ?? values["hostaddr"] ?? ""
        // The rest of a password with an @ or a / in it would be taken for one of these, and shown.
        let ports = (values["port"] ?? "").split(separator: ",")
        guard !hosts.contains("@"), values["dbname"]?.contains("@") != true,
            ports.allSatisfy({ Int($0).map((1...65_535).contains) == true })
        else { throw Self.misfit }
        hostCount = max(1, hosts.split(separator: ",").count)
        hasPassword = values["password"]?.isEmpty == false
        sslMode = values["sslmode"]
        let port = values["port"].map { ":\($0)" } ?? ""
        name = "postgresql://\(hosts.isEmpty ? "local" : hosts)\(port)/\(values["dbname"] ?? "")"
    }

    private static var misfit: DirectoryError {
        DirectoryError(
            .unavailable,
            "The URL of the directory cannot be read; it must be such as postgresql://user@host:5432/database, with "
                + "special characters of a name or password written as %40 for @ and the like. It is not shown.")
    }
}
