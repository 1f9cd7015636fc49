import Glibc

/// A lock on a mirror, held by one process, in a file beside it that names the processes whose row in the directory
/// this mirror stands for (amendment H33). It survives damage of the mirror itself.
final class MirrorLock: Sendable {
    private let path: String
    private let descriptor: Int32

    /// - Throws: `.conflict` while another process holds it; `.unavailable` where it cannot be made.
    init(path: String) throws(DirectoryError) {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.misfit(path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let isHeld = errno == EWOULDBLOCK
            let error = Self.misfit(path)
            guard isHeld else { throw error }
            throw DirectoryError(
                .conflict,
                "Another process holds the mirror's lock \(path). Give each node a mirror.path of its own, or stop the "
                    + "other process.")
        }
    }

    // Runs for an initialiser that throws, too. The lock is given up by name: a program that is just being started
    // holds a copy of the descriptor, and with it the lock, for a moment longer.
    deinit {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// The incarnations that are named, oldest first.
    func names() -> [String] {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return [] }
        return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// Names these and no others; on disk when the call returns.
    func setNames(_ names: [String]) throws(DirectoryError) {
        let bytes = Array((names.suffix(100).map { $0 + "\n" }.joined()).utf8)
        guard pwrite(descriptor, bytes, bytes.count, 0) == bytes.count, ftruncate(descriptor, off_t(bytes.count)) == 0,
            fsync(descriptor) == 0
        else { throw Self.misfit(path) }
    }

    private static func misfit(_ path: String) -> DirectoryError {
        let reason = String(cString: strerror(errno))
        return DirectoryError(
            .unavailable,
            "The mirror's lock \(path) cannot be written (\(reason)). Make its folder and let this process write "
                + "there, or name another file in mirror.path.")
    }
}
