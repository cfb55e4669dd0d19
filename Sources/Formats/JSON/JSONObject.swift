private import Bytes

/// The members of a JSON object: names are unique, the order is kept.
///
/// Names are the same when their bytes are: a claim called `K` is not the one called KELVIN SIGN (RFC 7515, section 5.3).
/// Two objects are equal when they have the same members in any order (RFC 8259, section 4).
package struct JSONObject: Sendable {
    package typealias Member = (name: String, value: JSONValue)

    /// The members in their order.
    package private(set) var members: [Member]
    /// Where each name stands; kept only for objects too large to search from the front.
    private var positions: [Name: Int]?

    /// Objects up to this size are searched member by member: faster than hashing the name.
    private static let searched = 16

    package init() {
        members = []
    }

    /// From members in order.
    ///
    /// Of two with the same name the last counts, at the place of the first.
    package init(_ members: [(String, JSONValue)]) {
        self.init()
        self.members.reserveCapacity(members.count)
        for (name, value) in members { self[name] = value }
    }

    package var count: Int { members.count }
    package var isEmpty: Bool { members.isEmpty }
    package var names: [String] { members.map(\.name) }

    /// The value of that name.
    ///
    /// Setting keeps the place of an existing member and appends a new one; setting nil removes.
    package subscript(_ name: String) -> JSONValue? {
        get { position(of: name).map { members[$0].value } }
        set {
            switch (position(of: name), newValue) {
            case (let position?, let value?):
                members[position].value = value
            case (nil, let value?):
                members.append((name, value))
                if positions != nil { positions?[Name(name)] = members.count - 1 } else { index() }
            case (let position?, nil):
                members.remove(at: position)
                positions = nil
                index()
            case (nil, nil):
                break
            }
        }
    }

    /// True when a member of that name is there, even with the value null.
    package func contains(_ name: String) -> Bool { position(of: name) != nil }

    /// Adds the members of `other`; they win over those of the same name.
    package func merging(_ other: JSONObject) -> JSONObject {
        var merged = self
        for member in other.members { merged[member.name] = member.value }
        return merged
    }

    private func position(of name: String) -> Int? {
        if let positions { return positions[Name(name)] }
        return members.firstIndex { $0.name.isExactly(name) }
    }

    private mutating func index() {
        guard members.count > Self.searched else { return }
        var positions: [Name: Int] = [:]
        positions.reserveCapacity(members.count)
        for (position, member) in members.enumerated() { positions[Name(member.name)] = position }
        self.positions = positions
    }

    /// A name as a dictionary key that keeps to the bytes.
    private struct Name: Hashable {
        let text: String
        init(_ text: String) { self.text = text }

        static func == (a: Name, b: Name) -> Bool { a.text.isExactly(b.text) }

        func hash(into hasher: inout Hasher) {
            for byte in text.utf8 { hasher.combine(byte) }
        }
    }
}

extension JSONObject: Equatable {
    package static func == (a: JSONObject, b: JSONObject) -> Bool {
        a.count == b.count && a.members.allSatisfy { b[$0.name] == $0.value }
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }
}

extension JSONObject {
    /// The JSON text in UTF-8.
    package var encoded: [UInt8] { JSONValue.object(self).encoded }
    package var text: String { JSONValue.object(self).text }
}
