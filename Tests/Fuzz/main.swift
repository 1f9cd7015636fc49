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
    "stream": { StreamSubject.take(UnsafeRawBufferPointer(start: $0, count: $1)) },
    "canonical": { CanonicalSubject.shared.take(UnsafeRawBufferPointer(start: $0, count: $1)) },
]

// libFuzzer starts itself again, without our argument, to merge a corpus: there the environment tells.
private let variable = "FUZZ_SUBJECT"
private var count = CommandLine.argc
private var arguments = CommandLine.unsafeArgv
if CommandLine.arguments.count > 1, subjects[CommandLine.arguments[1]] != nil {
    setenv(variable, CommandLine.arguments[1], 1)
    count -= 1
    arguments += 1
    arguments[0] = CommandLine.unsafeArgv[0]
}
guard let name = getenv(variable), let subject = subjects[String(cString: name)] else {
    print("usage: Fuzz \(subjects.keys.sorted().joined(separator: "|")) [options] [corpus folder]")
    exit(64)
}
exit(runDriver(&count, &arguments, subject))
