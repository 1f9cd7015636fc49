package import Logging

/// Where a key-encryption key is to be had. Whatever prints a key can be asked, so that any key service serves.
package enum KeySource: Sendable, Equatable {
    /// The path of a file that holds it.
    case file(String)
    /// The name of an environment variable that holds it.
    case environment(String)
    /// A program and its arguments, which prints it. No shell is asked: nothing in them is expanded.
    case command([String])

    /// Reads the key. A command is waited for, for at most ``KeyCommand/timeLimit``.
    /// - Parameters:
    ///   - name: what the configuration calls the key.
    ///   - environment: of this process.
    /// - Throws: `.wrongKey` where there is none; the sentence never holds a key.
    package func ring(name: String, environment: [String: String], logger: Logger) throws(DirectoryError) -> KeyRing {
        let key = "The key `\(name)` of `secrets.keys`"
        switch self {
        case .file(let path):
            return try KeyRing(
                base64: try KeyRing.text(ofFile: path, logger: logger), origin: "\(key), in \(path),", name: name)
        case .environment(let variable):
            guard let text = environment[variable] else {
                throw DirectoryError(
                    .wrongKey,
                    "\(key) is to be in the environment variable \(variable), which is not set. Set it to "
                        + "the base64 of the key's 32 bytes.")
            }
            return try KeyRing(base64: text, origin: "\(key), in the variable \(variable),", name: name)
        case .command(let arguments):
            let program = arguments.first ?? ""
            do throws(KeyCommand.Failure) {
                let text = try KeyCommand(arguments: arguments).run()
                return try Self.printed(text, origin: "\(key), as \(program) prints it,", name: name)
            } catch {
                throw DirectoryError(
                    .wrongKey,
                    "\(key) is not to be had: \(program) \(error.description). Run the command by hand as "
                        + "this user: it must print the base64 of the key's 32 bytes and end with 0.")
            }
        }
    }

    private static func printed(_ text: String, origin: String, name: String) throws(KeyCommand.Failure) -> KeyRing {
        do throws(DirectoryError) {
            return try KeyRing(base64: text, origin: origin, name: name)
        } catch {
            throw KeyCommand.Failure("prints what is not the base64 of 32 bytes")
        }
    }
}
