/// Header fields to set and to remove (keys `request_headers`, `response_headers`).
package struct HeaderRuleSettings: Sendable, Equatable {
    package struct Field: Sendable, Equatable {
        package var name: String
        /// A template with `{claims.…}` (``HeaderTemplate``).
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Set in this order.
    package var set: [Field]
    /// Removed before anything is set.
    package var remove: [String]

    package init(set: [Field] = [], remove: [String] = []) {
        self.set = set
        self.remove = remove
    }
}

/// A value may hold a key of an upstream that came from a secret file: only the name is ever printed.
extension HeaderRuleSettings.Field: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "\(name): <not shown>" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["name": name]) }
}
