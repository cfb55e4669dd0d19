import Cryptography
import Formats

/// `postern keygen`: a fresh session key.
struct KeygenCommand {
    func run() -> Exit {
        guard let key = try? RandomBytes.make(32) else {
            Output.complain("the system gave no random bytes")
            return .internalError
        }
        Output.result(Base64.encode(key))
        return .good
    }
}
