import Foundation
package import Logging

extension KeyRing {
    /// The key in a file: base64 of 32 bytes on one line.
    ///
    /// A file that others may read or write is used, with a warning.
    /// - Parameter createIfMissing: makes a new key, in a file of mode 0600. Ask for it only where no directory exists
    ///   yet (see ``SQLiteStore/exists(at:)``): a new key does not open an old directory.
    /// - Throws: `.wrongKey` where the file cannot be read or made, or holds no key.
    package init(file path: String, createIfMissing: Bool, logger: Logger) throws(DirectoryError) {
        if createIfMissing, try Self.create(path) {
            logger.notice(
                "A new key-encryption key was made. Keep a copy in a safe place: without it the secrets are lost.",
                metadata: ["path": "\(path)"])
        }
        try self.init(
            base64: try Self.text(ofFile: path, logger: logger), origin: "The key file \(path)", name: "secrets.keyFile"
        )
    }

    /// What is in a key file.
    /// - Throws: `.wrongKey` where it cannot be read.
    static func text(ofFile path: String, logger: Logger) throws(DirectoryError) -> String {
        guard let data = FileManager.default.contents(atPath: path), data.count <= 4096 else {
            throw DirectoryError(
                .wrongKey,
                "The key file \(path) cannot be read. Put back the key this directory was made with, let this process "
                    + "read the file, or name another in `secrets.keyFile` or `secrets.keys`. For a new directory that "
                    + "nodes share, make one for all of them: `(umask 077; openssl rand -base64 32 > \(path))`.")
        }
        if let mode = Self.mode(of: path), mode & 0o077 != 0 {
            logger.warning(
                "Others may read or change the key file. Take that from them with `chmod 600`.",
                metadata: ["path": "\(path)", "mode": "\(String(mode & 0o777, radix: 8))"])
        }
        return String(decoding: data, as: UTF8.self)
    }

    /// Makes the file whole or not at all, also when two processes start at once or this one is killed.
    /// - Returns: whether it was made; `false` where it was there.
    private static func create(_ path: String) throws(DirectoryError) -> Bool {
        guard !FileManager.default.fileExists(atPath: path) else { return false }
        let draft = "\(path).\(Hexadecimal.lowerCase(SecureRandom.bytes(8)))"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(path) }
        defer {
            close(descriptor)
            unlink(draft)
        }
        let text = Array((Base64.encode(SecureRandom.bytes(AESGCM.keyByteCount)) + "\n").utf8)
        guard write(descriptor, text, text.count) == text.count, fsync(descriptor) == 0 else { throw failure(path) }
        guard link(draft, path) == 0 else {
            if errno == EEXIST { return false }
            throw failure(path)
        }
        syncFolder(of: path)
        return true
    }

    private static func failure(_ path: String) -> DirectoryError {
        let reason = String(cString: strerror(errno))
        return DirectoryError(
            .wrongKey,
            "The key file \(path) cannot be made (\(reason)). Let this process write in its folder, or make the key "
                + "yourself: `(umask 077; openssl rand -base64 32 > \(path))`.")
    }

    /// A name is on disk once its folder is.
    private static func syncFolder(of path: String) {
        let folder = open(URL(fileURLWithPath: path).deletingLastPathComponent().path, O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }

    private static func mode(of path: String) -> mode_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode : nil
    }
}
