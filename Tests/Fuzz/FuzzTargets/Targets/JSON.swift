import Bytes
import Formats

extension FuzzTarget {
    /// JSON: what is read is UTF-8, within the limits, and the same after it was written and read again.
    static let json = FuzzTarget(name: "json") { input in
        guard let value = try? JSONValue(parsing: input) else { return }
        require(String(strictUTF8: input) != nil, "not UTF-8")
        require(input.firstIndex(of: 0) == nil, "a NUL")
        require(depth(value) <= JSONLimits.standard.depth, "too deep")
        require((try? JSONValue(parsing: value.encoded)) == value, "another value after writing: \(value.text)")
    }

    private static func depth(_ value: JSONValue) -> Int {
        switch value {
        case .array(let values): 1 + (values.map(depth).max() ?? 0)
        case .object(let object): 1 + (object.members.map { depth($0.value) }.max() ?? 0)
        default: 0
        }
    }
}
