/// Why a token's JSON was refused.
enum JSONFault: Error, Equatable {
    /// Not JSON (RFC 8259): grammar, escapes, control bytes, trailing bytes.
    case malformed
    case invalidUTF8
    /// Objects and arrays inside one another past the limit.
    case tooDeep
    /// A number no reader would keep exactly, or that stands for infinity.
    case hugeNumber
    /// A claim that we read is there twice: two readers could take different ones.
    case duplicateClaim
    /// A claim that we read is of another type than the specification says.
    case wrongType

    /// What the caller is told. The words are fixed: nothing of the token is in them.
    var refusal: RouterError {
        switch self {
        case .malformed: RouterError(.malformedToken, "The token is not made of valid JSON.")
        case .invalidUTF8: RouterError(.malformedToken, "The token holds text that is not UTF-8.")
        case .tooDeep: RouterError(.malformedToken, "The token's JSON is nested too deeply.")
        case .hugeNumber: RouterError(.malformedToken, "The token holds a number that is too large.")
        case .duplicateClaim: RouterError(.badClaims, "The token has the same claim twice.")
        case .wrongType: RouterError(.badClaims, "The token has a claim of the wrong type.")
        }
    }
}
