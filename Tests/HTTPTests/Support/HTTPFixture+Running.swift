import TestSupport
import Testing

extension HTTPFixture: CustomTestStringConvertible {
    public var testDescription: String { name + ": " + title }

    /// What our engine makes of the pieces, as ``Transcript`` tells it.
    func run(_ pieces: [[UInt8]]) -> [String] {
        switch kind {
        case "request": Transcript.server(pieces)
        case "response to upgrade": Transcript.client(pieces, asksForUpgrade: true)
        case "response to HEAD": Transcript.client(pieces, method: "HEAD")
        default: Transcript.client(pieces)
        }
    }
}
