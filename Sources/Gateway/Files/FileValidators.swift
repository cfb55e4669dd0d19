private import Bytes
private import Formats
import HTTP
import Sockets
import Time

/// What tells one version of a file from another (RFC 9110, section 8.8), and what a request's conditions come to.
struct FileValidators: Equatable {
    /// Without its quotation marks.
    let tag: String
    /// Nil where the file's time says nothing.
    let modified: Timestamp?

    /// Reproducible builds set every file to the same time in the past: then neither a date nor a size tells versions
    /// apart, and the file's number has to.
    private static let oldestMeaningfulTime = Timestamp(seconds: 631_152_000)  // 1990-01-01

    /// - Parameter suffix: makes the tags of a file and of its compressed copies differ.
    init(of file: borrowing OpenFile, suffix: StaticString, now: Timestamp) {
        var tag = String(file.modified.milliseconds, radix: 36) + "-" + String(file.size, radix: 36)
        let isMeaningful = file.modified >= Self.oldestMeaningfulTime
        if !isMeaningful { tag += "-" + String(file.inode, radix: 36) }
        self.tag = tag + "\(suffix)"
        modified = isMeaningful && file.modified <= now ? file.modified : nil
    }

    init(tag: String, modified: Timestamp?) {
        self.tag = tag
        self.modified = modified
    }

    enum Verdict: Equatable {
        case proceed
        /// 304.
        case notModified
        /// 412.
        case failed
    }

    /// In the order of RFC 9110, section 13.2.2.
    func verdict(on fields: borrowing Fields) -> Verdict {
        if fields.contains(.ifMatch) {
            if !isNamed(in: fields, .ifMatch, strongly: true) { return .failed }
        } else if let limit = date(in: fields, .ifUnmodifiedSince), let modified, modified.seconds > limit.seconds {
            return .failed
        }
        if fields.contains(.ifNoneMatch) {
            if isNamed(in: fields, .ifNoneMatch, strongly: false) { return .notModified }
        } else if let limit = date(in: fields, .ifModifiedSince), let modified, modified.seconds <= limit.seconds {
            return .notModified
        }
        return .proceed
    }

    /// True when `Range` counts: there is no `If-Range`, or it names this very version (RFC 9110, section 13.1.5).
    func allowsRange(_ fields: borrowing Fields, now: Timestamp) -> Bool {
        guard let position = fields.first(.ifRange) else { return true }
        let value = fields.value(position)
        if value.indices.first.map({ value[$0] }) == UInt8(ascii: "\"") {
            return isNamed(in: value, strongly: true)
        }
        guard let modified, let date = HTTPDate.parse(value) else { return false }
        // A file that changed within this second may change again within it.
        return date.seconds == modified.seconds && now.seconds > modified.seconds + 1
    }

    private func date(in fields: borrowing Fields, _ field: KnownField) -> Timestamp? {
        guard let position = fields.first(field) else { return nil }
        return HTTPDate.parse(fields.value(position))
    }

    private func isNamed(in fields: borrowing Fields, _ field: KnownField, strongly: Bool) -> Bool {
        var position = fields.first(field)
        while let found = position {
            if isNamed(in: fields.value(found), strongly: strongly) { return true }
            position = fields.next(field, from: found + 1)
        }
        return false
    }

    /// True for `*` and for a list that holds the tag.
    private func isNamed(in list: Span<UInt8>, strongly: Bool) -> Bool {
        if list.equals("*") { return true }
        let tag = tag.utf8Span.span
        var at = 0
        while let opening = list.firstIndex(of: UInt8(ascii: "\""), from: at) {
            guard let closing = list.firstIndex(of: UInt8(ascii: "\""), from: opening + 1) else { return false }
            let isWeak =
                opening >= 2 && list[opening - 1] == UInt8(ascii: "/") && list[opening - 2] == UInt8(ascii: "W")
            if list.extracting((opening + 1)..<closing).equals(tag) && !(strongly && isWeak) { return true }
            at = closing + 1
        }
        return false
    }
}
