import Bytes
import Formats
import HTTPClient
import Routing
import Time

/// A route, compiled: everything about it that is the same for each request, rendered once.
package final class RoutePlan: Sendable {
    let index: Int
    let settings: RouteSettings
    /// The route's path, for logs and metrics.
    let label: String
    let labelBytes: [UInt8]
    /// The index of its upstream; nil where files are served.
    let upstream: Int?
    let retries: Int
    /// Nil where an upstream answers.
    let files: StaticFiles?
    /// What one server cannot another may.
    let hasOtherServers: Bool
    /// Which of the snapshot's header plans claims make in requests and in responses; nil without one.
    let requestPlan: Int?
    let responsePlan: Int?
    /// `X-Forwarded-Host` and `-Proto` by site, the same with `Via` of a request that came straight to us in HTTP/1.1, and the
    /// rest of a `Forwarded` element.
    let siteLines: [[UInt8]]
    let siteAndViaLines: [[UInt8]]
    let forwardedRest: [[UInt8]]
    // What a comparison of the settings would answer, since one with an enumeration of another module is a search for its
    // table.
    let isPublic: Bool
    let isOptional: Bool
    /// No other origin may read the answers, so nobody may be told that it may.
    let hidesSharing: Bool
    /// Shared caches must not keep answers.
    let protectsFromCaches: Bool
    let attachesToken: Bool
    let watchesEcho: Bool
    let refusesEcho: Bool
    let requests: RequestHeaderRules
    let responses: ResponseHeaderRules
    /// What the route's own rules say about caches.
    let cacheControl: CacheControlState
    /// How long a body may stand still, in either direction.
    let stillness: Delay
    /// The route was chosen by its method, so nothing may say that it is another one (G73).
    let dependsOnMethod: Bool
    /// As long as upstreams by default: somebody may pause a download.
    private static let filesStandStill = Duration.seconds(300)
    /// Segments of the path that do not go upstream (`strip_prefix`).
    let strippedSegments: Int

    init(
        index: Int, settings: RouteSettings, upstream: (index: Int, settings: UpstreamSettings)?,
        requests: RequestHeaderRules, responses: ResponseHeaderRules, files: StaticFiles?, requestPlan: Int?,
        responsePlan: Int?, dependsOnMethod: Bool, sites: SiteOrigins, pseudonym: String
    ) {
        self.index = index
        self.settings = settings
        label = settings.path.text
        labelBytes = Array(label.utf8)
        self.upstream = upstream?.index
        retries = upstream?.settings.retries ?? 0
        hasOtherServers = (upstream?.settings.servers.count ?? 0) > 1
        self.requestPlan = requestPlan
        self.responsePlan = responsePlan
        siteLines = sites.sites.map { site in
            let proto = site.isSecure ? "https" : "http"
            return Array("X-Forwarded-Host: \(site.authority)\r\nX-Forwarded-Proto: \(proto)\r\n".utf8)
        }
        siteAndViaLines = siteLines.map { $0 + Array("Via: 1.1 \(pseudonym)\r\n".utf8) }
        forwardedRest = sites.sites.map { site in
            // A host with a port or an IPv6 literal is no token, hence quoted (RFC 7239, section 4).
            let isToken = site.authority.utf8.allSatisfy { ByteClass.token.contains($0) }
            let host = isToken ? site.authority : "\"\(site.authority)\""
            return Array(";host=\(host);proto=\(site.isSecure ? "https" : "http")".utf8)
        }
        isPublic = settings.access == .public
        isOptional = settings.access == .optional
        hidesSharing = settings.crossSite == .auto && settings.access != .public
        protectsFromCaches = settings.cache == .protect && settings.access != .public
        attachesToken = settings.token != .none
        watchesEcho = settings.tokenEcho != .pass
        refusesEcho = settings.tokenEcho == .refuse
        self.requests = requests
        self.files = files
        self.responses = responses
        var cacheControl = CacheControlState()
        for field in settings.responseHeaders.set where field.name.lowercased() == "cache-control" {
            cacheControl.read(field.value.utf8Span.span)
        }
        self.cacheControl = cacheControl
        stillness = Delay(upstream?.settings.idleTimeout ?? Self.filesStandStill)
        self.dependsOnMethod = dependsOnMethod
        strippedSegments =
            settings.stripsPrefix && settings.path.kind == .prefix
            ? settings.path.canonical.count { $0 == UInt8(ascii: "/") } : 0
    }

    /// Writes the target that goes upstream: without the route's prefix, beginning with a slash.
    ///
    /// Counted in segments, not in bytes: the prefix may have been written with percent-encoded letters.
    func writeTarget(_ target: Span<UInt8>, into output: inout ByteBuffer) {
        output.clear()
        var at = 0
        var segments = strippedSegments
        while at < target.count, target[at] != UInt8(ascii: "?") {
            if target[at] == UInt8(ascii: "/") {
                if segments == 0 { break }
                segments -= 1
            }
            at += 1
        }
        if at == target.count || target[at] != UInt8(ascii: "/") { output.append(UInt8(ascii: "/")) }
        output.append(target.extracting(at..<target.count))
    }
}
