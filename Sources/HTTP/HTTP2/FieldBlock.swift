internal import Bytes
internal import CNGHTTP2

/// Fields on their way to nghttp2: names in lower case, what belongs to HTTP/1's connections left out.
@safe
struct FieldBlock: ~Copyable {
    private struct Entry {
        var nameStart: Int
        var nameCount: Int
        var valueCount: Int
        var isSecret: Bool
    }

    /// Name and value of each field, one behind the other.
    private var text = ByteBuffer()
    private var entries: [Entry] = []
    private var memory: UnsafeMutablePointer<nghttp2_nv>?
    private var capacity = 0

    init() { unsafe memory = nil }

    deinit { unsafe memory?.deallocate() }

    mutating func clear() {
        text.clear()
        entries.removeAll(keepingCapacity: true)
    }

    var isEmpty: Bool { entries.isEmpty }

    mutating func add(_ name: StaticString, _ value: Span<UInt8>) {
        let start = text.count
        text.append(name)
        text.append(value)
        entries.append(
            Entry(
                nameStart: start, nameCount: name.utf8CodeUnitCount, valueCount: value.count, isSecret: false))
    }

    mutating func add(_ name: StaticString, text value: StaticString) {
        unsafe add(name, Span(_unsafeStart: value.utf8Start, count: value.utf8CodeUnitCount))
    }

    mutating func add(_ name: StaticString, decimal value: Int) {
        let start = text.count
        text.append(name)
        text.append(decimal: value)
        let nameCount = name.utf8CodeUnitCount
        entries.append(
            Entry(
                nameStart: start, nameCount: nameCount, valueCount: text.count - start - nameCount, isSecret: false))
    }

    /// Adds `Host` as `:authority`, wherever it stands among the lines.
    mutating func addAuthority(_ fields: borrowing Fields) {
        let lines = fields.lines
        var at = 0
        while let line = Self.nextLine(lines, &at) {
            guard KnownField(lines.extracting(line.name)) == .host else { continue }
            add(":authority", lines.extracting(line.value))
            return
        }
    }

    /// The line at `at`, which moves behind it.
    private static func nextLine(_ lines: Span<UInt8>, _ at: inout Int) -> (name: Range<Int>, value: Range<Int>)? {
        guard at < lines.count, let colon = lines.firstIndex(of: UInt8(ascii: ":"), from: at),
            let end = lines.firstIndex(of: 0x0D, from: colon)
        else { return nil }
        defer { at = end + 2 }
        return (at..<colon, Swift.min(colon + 2, end)..<end)
    }

    /// Adds every line of `fields`, those rendered ahead among them, but what an engine writes itself.
    ///
    /// - Parameter permits: asked for each name in lower case.
    mutating func add(_ fields: borrowing Fields, _ permits: (KnownField) -> Bool) {
        let lines = fields.lines
        var at = 0
        while let line = Self.nextLine(lines, &at) {
            let name = lines.extracting(line.name)
            let value = lines.extracting(line.value)
            let known = KnownField(name)
            if HopByHop.framing.contains(known) || known == .upgrade || known == .http2Settings { continue }
            if !permits(known) { continue }
            add(name, value, isSecret: known == .authorization || known == .cookie || known == .setCookie)
        }
    }

    private mutating func add(_ name: Span<UInt8>, _ value: Span<UInt8>, isSecret: Bool) {
        let start = text.count
        text.reserve(name.count + value.count)
        for position in name.indices {
            let byte = name[position]
            text.append(byte &- 65 < 26 ? byte | 0x20 : byte)
        }
        text.append(value)
        entries.append(
            Entry(nameStart: start, nameCount: name.count, valueCount: value.count, isSecret: isSecret))
    }

    /// Lends the fields in nghttp2's form, which copies them.
    mutating func withFields<Result>(_ body: (UnsafeMutablePointer<nghttp2_nv>?, Int) -> Result) -> Result {
        let count = entries.count
        if capacity < count {
            unsafe memory?.deallocate()
            capacity = Swift.max(32, count * 2)
            unsafe memory = .allocate(capacity: capacity)
        }
        let memory = unsafe memory
        let entries = entries
        return unsafe text.bytes.withUnsafeBufferPointer { bytes in
            let base = unsafe UnsafeMutablePointer(mutating: bytes.baseAddress)
            for (position, entry) in entries.enumerated() {
                // What a stranger could guess by its compressed length is never put into the table (RFC 7541, section 7.1).
                let flags = entry.isSecret ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE
                unsafe memory?[position] = nghttp2_nv(
                    name: base.map { unsafe $0 + entry.nameStart },
                    value: base.map { unsafe $0 + entry.nameStart + entry.nameCount }, namelen: entry.nameCount,
                    valuelen: entry.valueCount, flags: UInt8(flags.rawValue))
            }
            return unsafe body(memory, count)
        }
    }
}
