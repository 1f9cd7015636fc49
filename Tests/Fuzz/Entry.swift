/// libFuzzer's own `main` asks for this symbol; ours runs instead, and names its subject.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzzNothing(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt { 0 }

/// A rule that must hold for every input: not kept, the run ends and the input is written down.
func rule(_ isKept: Bool, _ what: StaticString, file: StaticString = #file, line: UInt = #line) {
    precondition(isKept, "broken: \(what)", file: file, line: line)
}
