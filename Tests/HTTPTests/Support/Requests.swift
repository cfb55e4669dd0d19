import Bytes
import HTTP
import TestSupport

extension Transcript {
    /// What a server makes of this text (``Escapes``), given whole, byte by byte, and cut in the middle; nil when the three
    /// differ.
    static func outcome(_ text: String, limits: HTTPLimits = HTTPLimits()) -> [String]? {
        outcome(Escapes.read(text), limits: limits)
    }

    static func outcome(_ bytes: [UInt8], limits: HTTPLimits = HTTPLimits()) -> [String]? {
        let whole = server([bytes], limits: limits)
        let middle = bytes.count / 2
        guard server(bytes.map { [$0] }, limits: limits) == whole,
            server([Array(bytes[..<middle]), Array(bytes[middle...])], limits: limits) == whole
        else { return nil }
        return whole
    }

    /// The refusal of these bytes as `status reason`; `accepted` when there is none.
    static func verdict(_ bytes: [UInt8], limits: HTTPLimits = HTTPLimits()) -> String {
        guard let lines = outcome(bytes, limits: limits) else { return "differs with the cut" }
        let prefix = "refused "
        guard let last = lines.last, last.hasPrefix(prefix) else { return "accepted" }
        return String(last.dropFirst(prefix.count))
    }

    static func verdict(_ text: String, limits: HTTPLimits = HTTPLimits()) -> String {
        verdict(Escapes.read(text), limits: limits)
    }
}
