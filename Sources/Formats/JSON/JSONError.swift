/// Why a JSON text was refused.
package enum JSONError: Error, Sendable, Equatable {
    /// More bytes than ``JSONLimits/bytes``.
    case tooLarge
    /// More levels than ``JSONLimits/depth``.
    case tooDeep
    case notUTF8
    /// Two members of one object have the same name, escapes resolved.
    case duplicateMember
    /// An integer beyond 64 bits or a number beyond the range of a double.
    case numberOutOfRange
    /// `\u0000` in a string or name.
    case nullCharacter
    /// Something other than white space follows the value.
    case trailingData
    /// The text ends inside a value, or is empty.
    case incomplete
    case malformed
}
