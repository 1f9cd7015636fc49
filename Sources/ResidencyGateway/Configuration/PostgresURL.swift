import TenantDirectory

/// The URL of a PostgreSQL database as a value of the configuration. It may hold a password, so it is kept and shown
/// as a secret is.
enum PostgresURL {
    static func check(_ text: String) throws(Misfit) {
        guard text.hasPrefix("postgresql://") || text.hasPrefix("postgres://") else {
            throw Misfit("must be such as postgresql://user@host:5432/database")
        }
        do throws(DirectoryError) {
            _ = try PostgresAddress(text)
        } catch {
            throw Misfit("cannot be read as a URL of PostgreSQL")
        }
    }

    /// Whether it holds a password.
    static func hasPassword(_ url: Secret) -> Bool {
        (try? PostgresAddress(String(decoding: url.bytes, as: UTF8.self)))?.hasPassword == true
    }
}

extension ScalarKind where Value == Secret {
    static let postgresURL = ScalarKind(
        name: "a URL such as postgresql://user@host:5432/database, with %40 for an @ in a name or password",
        read: { (text, _) throws(Misfit) in
            try PostgresURL.check(text)
            return Secret(text)
        }, write: { _ in "" })
}

extension ConfigurationKey {
    /// The key, refused where the file holds a password: files of configuration are kept and passed around.
    func withoutPasswordInFile() -> ConfigurationKey {
        var key = self
        let (take, path, variable) = (take, path, variable ?? "the environment")
        key.take = { input, taking in
            take(input, &taking)
            guard case .node(let node, let file) = input, let url = taking.configuration.directory.url,
                PostgresURL.hasPassword(url)
            else { return }
            taking.complain(
                node.place(in: file), path,
                "must not hold a password here; give it by PGPASSFILE or PGPASSWORD, or the whole URL by \(variable)")
        }
        return key
    }
}
