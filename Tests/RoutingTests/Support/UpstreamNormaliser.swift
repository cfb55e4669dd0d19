/// How upstreams are known to read the path they are given.
///
/// Each answers with the path it routes on, or nil where it would refuse the request.
enum UpstreamNormaliser: String, CaseIterable {
    case none
    case nginx
    case tomcat
    case iis
    case php
    case nodeURL
    /// Beyond the six: decodes until nothing is left to decode, and compares without case.
    case decodesTwice

    func callAsFunction(_ path: [UInt8]) -> [UInt8]? {
        switch self {
        case .none:
            return path
        case .nginx:
            guard let decoded = Self.decode(path), !decoded.contains(0) else { return nil }
            return Self.resolve(Self.collapse(decoded))
        case .tomcat:
            guard let decoded = Self.decode(Self.withoutParameters(path)) else { return nil }
            return Self.resolve(Self.collapse(Self.slashed(decoded)))
        case .iis:
            guard let decoded = Self.decode(path) else { return nil }
            let trimmed = Self.segments(Self.slashed(decoded)).map { segment -> [UInt8] in
                if segment.allSatisfy({ $0 == 0x2E }) { return segment }
                var segment = segment
                while let last = segment.last, last == 0x2E || last == 0x20 { segment.removeLast() }
                return segment
            }
            return Self.resolve(Self.collapse(Self.joined(trimmed)))
        case .php:
            guard let decoded = Self.decode(path) else { return nil }
            let cut = decoded.prefix { $0 != 0 }
            return Self.resolve(Self.collapse(Array(cut)))
        case .nodeURL:
            var bytes = Self.slashed(path.filter { $0 != 0x09 && $0 != 0x0A && $0 != 0x0D })
            if bytes.starts(with: [0x2F, 0x2F]) {
                // A network-path reference: what follows the authority is the path.
                let rest = bytes.drop { $0 == 0x2F }
                bytes = Array(rest.drop { $0 != 0x2F })
            }
            let resolved = Self.resolve(bytes, encodedDots: true)
            return Self.decode(resolved) ?? resolved
        case .decodesTwice:
            var bytes = Self.withoutParameters(path)
            for _ in 0..<4 { bytes = Self.decode(bytes) ?? bytes }
            bytes = Self.slashed(bytes)
            if let end = bytes.firstIndex(where: { $0 == 0x3F || $0 == 0x23 }) { bytes.removeSubrange(end...) }
            return Self.resolve(Self.collapse(bytes))
        }
    }

    /// True when this upstream would answer with what lies under `/admin`, case or no case.
    func reachesAdmin(_ path: [UInt8]) -> Bool {
        guard let read = self(path) else { return false }
        let text = String(decoding: read, as: UTF8.self).lowercased()
        return text == "/admin" || text.hasPrefix("/admin/")
    }

    static func decode(_ path: [UInt8]) -> [UInt8]? {
        var result: [UInt8] = []
        var index = 0
        func digit(_ at: Int) -> UInt8? {
            guard at < path.count else { return nil }
            return Character(Unicode.Scalar(path[at])).hexDigitValue.map(UInt8.init)
        }
        while index < path.count {
            if path[index] == 0x25 {
                guard let high = digit(index + 1), let low = digit(index + 2) else { return nil }
                result.append(high << 4 | low)
                index += 3
            } else {
                result.append(path[index])
                index += 1
            }
        }
        return result
    }

    private static func segments(_ path: [UInt8]) -> [[UInt8]] {
        path.split(separator: 0x2F, omittingEmptySubsequences: false).map(Array.init)
    }

    private static func joined(_ segments: [[UInt8]]) -> [UInt8] { Array(segments.joined(separator: [0x2F])) }

    private static func slashed(_ path: [UInt8]) -> [UInt8] { path.map { $0 == 0x5C ? 0x2F : $0 } }

    private static func withoutParameters(_ path: [UInt8]) -> [UInt8] {
        joined(segments(path).map { Array($0.prefix { $0 != 0x3B }) })
    }

    private static func collapse(_ path: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        for byte in path where !(byte == 0x2F && result.last == 0x2F) { result.append(byte) }
        return result
    }

    /// Removes dot segments (RFC 3986, section 5.2.4).
    private static func resolve(_ path: [UInt8], encodedDots: Bool = false) -> [UInt8] {
        var kept: [[UInt8]] = []
        let all = segments(path)
        for (index, segment) in all.enumerated() {
            var name = String(decoding: segment, as: UTF8.self)
            if encodedDots { name = name.lowercased().replacing("%2e", with: ".") }
            switch name {
            case ".": if index == all.count - 1 { kept.append([]) }
            case "..":
                if kept.count > 1 { kept.removeLast() }
                if index == all.count - 1 { kept.append([]) }
            default: kept.append(segment)
            }
        }
        return joined(kept)
    }
}
