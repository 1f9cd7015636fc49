import Glibc

/// Tells whether a file is still the one that was read: another file under the same name, or another content.
struct FileStamp: Sendable, Equatable {
    private let device: UInt
    private let node: UInt
    private let size: Int
    private let seconds: Int
    private let nanoseconds: Int

    /// `nil` for a file that is not there. Links are followed, for orchestrators replace files by moving a link.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt(status.st_dev)
        node = UInt(status.st_ino)
        size = Int(status.st_size)
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
    }
}
