import Glibc

// `Fuzz <subject> [libFuzzer's options] <corpus folder>`: what is read from the network, fed with what nobody would
// send. A crash, a report of the address sanitizer, or a broken rule ends the run; the input becomes a test.

/// libFuzzer's loop (FuzzerInterface.h).
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

private let subjects: [String: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt] = [
    "head": { HeadSubject.shared.take(UnsafeRawBufferPointer(start: $0, count: $1)) },
    "chunks": { ChunkSubject.take(UnsafeRawBufferPointer(start: $0, count: $1)) },
    "token": { TokenSubject.shared.take(UnsafeRawBufferPointer(start: $0, count: $1)) },
    "canonical": { CanonicalSubject.shared.take(UnsafeRawBufferPointer(start: $0, count: $1)) },
]

guard CommandLine.arguments.count > 1, let subject = subjects[CommandLine.arguments[1]] else {
    print("usage: Fuzz \(subjects.keys.sorted().joined(separator: "|")) [options] [corpus folder]")
    exit(64)
}
// libFuzzer does not know of our first argument: the program's name takes its place.
private var count = CommandLine.argc - 1
private var arguments = CommandLine.unsafeArgv + 1
arguments[0] = CommandLine.unsafeArgv[0]
exit(runDriver(&count, &arguments, subject))
