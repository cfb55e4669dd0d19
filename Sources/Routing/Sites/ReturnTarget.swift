private import Bytes
private import Formats

/// Where a person goes after login or logout: a path of our own origin, at most 2 KiB, perhaps with query and fragment.
///
/// The one validator for everything that is redirected to (A18). Whatever does not pass is refused, never repaired:
/// every product of this kind that repaired return URLs has had an open redirect.
package struct ReturnTarget: Sendable, Equatable {
    /// As it goes into `Location`: visible ASCII, beginning with exactly one slash.
    package let text: String

    /// In bytes.
    package static let limit = 2048

    /// The front page.
    package static let root = ReturnTarget(checked: "/")

    private init(checked text: String) { self.text = text }

    /// A local URL from outside (`returnUrl`), or one of our own that comes back from where it was sealed.
    ///
    /// - Parameters:
    ///   - endpoints: the prefix of the gateway's own endpoints, to which nobody is ever sent back.
    ///   - tolerances: for a path that a request has come with, those of its route.
    package init?(local text: Span<UInt8>, endpoints: PathPattern, tolerances: PathTolerances = []) {
        guard text.count <= Self.limit, ByteClass.visible.firstOutside(text) == nil else { return nil }
        let end = text.indices.first { text[$0] == UInt8(ascii: "?") || text[$0] == UInt8(ascii: "#") } ?? text.count
        guard end > 0, Self.isLocal(path: text.extracting(0..<end), endpoints, tolerances) else { return nil }
        guard let text = String(strictUTF8: text) else { return nil }
        self.text = text
    }

    /// An absolute URL of our own origin (`target_link_uri`): its path counts.
    package init?(absolute text: Span<UInt8>, site: Site, endpoints: PathPattern) {
        guard site.isPage(text) else { return nil }
        let rest = text.extracting(site.originBytes.count..<text.count)
        if rest.isEmpty {
            self = .root
        } else {
            self.init(local: rest, endpoints: endpoints)
        }
    }

    /// The page that a `Referer` names.
    ///
    /// A script, a style sheet or data is no page to come back to, nor are the gateway's own endpoints: then there is
    /// no referer.
    package init?(referer text: Span<UInt8>, site: Site, endpoints: PathPattern) {
        guard text.firstIndex(of: UInt8(ascii: "#")) == nil else { return nil }
        let query = text.firstIndex(of: UInt8(ascii: "?")) ?? text.count
        let path = text.extracting(0..<query)
        guard !path.endsIgnoringCase(".js"), !path.endsIgnoringCase(".mjs"), !path.endsIgnoringCase(".css"),
            !path.endsIgnoringCase(".json"), !path.endsIgnoringCase(".map"), !path.endsIgnoringCase(".wasm")
        else { return nil }
        self.init(absolute: text, site: site, endpoints: endpoints)
    }

    /// The page that was asked for and needs a login first: itself; without its query where that makes it too long; else
    /// the front page.
    package static func ofRequest(
        target: Span<UInt8>, path: Span<UInt8>, endpoints: PathPattern, tolerances: PathTolerances
    ) -> ReturnTarget {
        ReturnTarget(local: target, endpoints: endpoints, tolerances: tolerances)
            ?? ReturnTarget(local: path, endpoints: endpoints, tolerances: tolerances) ?? .root
    }

    /// The URL at which a login begins that comes back here: `/bff/login?returnUrl=%2Fpage`.
    package func loginURL(endpoints: PathPattern) -> String {
        String(decoding: endpoints.canonical, as: UTF8.self) + "/login?returnUrl=" + PercentEncoding.encode(text)
    }

    /// True where dot segments appear when the path is decoded, once or twice, or one of our endpoints when it is once.
    ///
    /// Behind `/a/%2E%2E%2F` even a path that begins harmlessly becomes `//host` for a page that decodes what it reads.
    private static func hides(_ path: Span<UInt8>, _ endpoints: PathPattern) -> Bool {
        var decoded = PercentEncoding.decode(path)
        for times in 1...2 {
            guard let bytes = decoded else { return false }
            // Tabs and line breaks vanish from URLs, and what stood beside them moves together.
            if bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) { return true }
            let lowercase = bytes.map { ByteClass.lowercase($0) }
            if times == 1, endpoints.coversFolded(lowercase.span) { return true }
            let isSlash = { (byte: UInt8) in byte == PathReading.slash || byte == PathReading.backslash }
            if bytes.split(whereSeparator: isSlash).contains(where: { $0 == [0x2E] || $0 == [0x2E, 0x2E] }) {
                return true
            }
            decoded = PercentEncoding.decode(bytes.span)
        }
        return false
    }

    private static func isLocal(path: Span<UInt8>, _ endpoints: PathPattern, _ tolerances: PathTolerances) -> Bool {
        var canonical = ByteBuffer()
        var folded = ByteBuffer()
        do throws(PathRefusal) {
            let needs = try PathReading.write(path, into: &canonical)
            guard needs.subtracting(tolerances.union(.letterCase)).isEmpty else { return false }
            _ = try FoldedReading.write(canonical, into: &folded)
        } catch {
            return false
        }
        // Nothing that decodes or folds before it looks may see `//host`.
        if canonical.bytes.hasPrefix("/%2F") || canonical.bytes.hasPrefix("/%25") { return false }
        if hides(canonical.bytes, endpoints) { return false }
        if let twin = Lookalike.twin(in: canonical.bytes, at: 1)?.byte,
            twin == PathReading.slash || twin == PathReading.backslash
        {
            return false
        }
        return !endpoints.covers(canonical.bytes) && !endpoints.coversFolded(folded.bytes)
    }
}
