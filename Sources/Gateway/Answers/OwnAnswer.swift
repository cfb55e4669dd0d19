/// A whole answer of ours: to an endpoint, a redirect, a refusal.
///
/// It crosses from the desk to a worker, hence plain values. Which headers every answer of ours carries is added when
/// it is written (contract, section 3).
package struct OwnAnswer: Sendable {
    package var status: Int
    /// Field lines beside the usual ones, each ending with CR LF; made by ``add(_:_:)`` only.
    package private(set) var lines: [UInt8] = []
    package var contentType: StaticString?
    package var body: [UInt8] = []
    /// A page whose style the content security policy must allow.
    package var isPage = false

    package init(status: Int) { self.status = status }

    /// Adds a field line.
    ///
    /// The value is ours; one that could break the line is left out rather than sent (G36).
    package mutating func add(_ name: StaticString, _ value: String) {
        guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return }
        name.withUTF8Buffer { unsafe lines.append(contentsOf: $0) }
        lines.append(contentsOf: ": ".utf8)
        lines.append(contentsOf: value.utf8)
        lines.append(contentsOf: "\r\n".utf8)
    }

    /// Adds a `Set-Cookie` line.
    package mutating func set(cookie: String) { add("Set-Cookie", cookie) }

    /// 303 by default: whatever the method was, the browser follows with GET, and a body is never sent again (A16).
    package static func redirect(to location: String, status: Int = 303) -> OwnAnswer {
        var answer = OwnAnswer(status: status)
        answer.add("Location", location)
        return answer
    }

    package static func json(_ body: [UInt8], status: Int = 200) -> OwnAnswer {
        var answer = OwnAnswer(status: status)
        answer.contentType = "application/json"
        answer.body = body
        return answer
    }
}
