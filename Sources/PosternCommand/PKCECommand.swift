import Bytes
import Formats
import OpenIDConnect

/// `postern pkce`: a verifier and its challenge (RFC 7636, S256), to try a provider by hand.
struct PKCECommand {
    private let verifier: String?

    init(_ verifier: String?) { self.verifier = verifier }

    func run() -> Exit {
        let key: ProofKey
        if let verifier {
            guard let given = ProofKey(verifier: verifier) else {
                Output.complain("a verifier has 43 to 128 characters of A-Z a-z 0-9 - . _ ~ (RFC 7636, section 4.1)")
                return .usage
            }
            key = given
        } else {
            guard let fresh = try? ProofKey() else {
                Output.complain("the system gave no random bytes")
                return .internalError
            }
            key = fresh
        }
        let answer: JSONValue = ["code_verifier": .string(key.verifier), "code_challenge": .string(key.challenge)]
        Output.result(answer.text)
        return .good
    }
}
