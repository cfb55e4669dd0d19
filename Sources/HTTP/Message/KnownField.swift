/// A field name that something in the product asks about; every other one is ``other``.
///
/// Found once when a head is read, so that later questions compare one byte and not names.
@usableFromInline
package enum KnownField: UInt8, Sendable, CaseIterable {
    case other

    // Of the connection and the route.
    case host, connection, contentLength, transferEncoding, te, trailer, upgrade, expect, keepAlive, proxyConnection
    case http2Settings, maxForwards, via, earlyData

    // Who is asking.
    case cookie, setCookie, authorization, proxyAuthorization, proxyAuthenticate, wwwAuthenticate, authenticationInfo
    case proxyAuthenticationInfo, dpop, dpopNonce, clientCert, clientCertChain

    // Where a request comes from.
    case origin, referer, secFetchSite, secFetchMode, secFetchDest, secFetchUser, secPurpose, purpose, xCSRF
    case xRequestedWith, xHTTPMethodOverride, upgradeInsecureRequests

    // What is acceptable.
    case accept, acceptCharset, acceptEncoding, acceptLanguage, userAgent, from, priority

    // About the content.
    case contentType, contentEncoding, contentLanguage, contentLocation, contentRange, contentDisposition
    case contentDigest, reprDigest, digest

    // Conditions and ranges.
    case range, ifRange, ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince

    // Caching.
    case cacheControl, pragma, vary, etag, lastModified, expires, age, date, warning

    // About the response.
    case location, server, retryAfter, allow, acceptRanges, link, proxyStatus, serverTiming, altSvc

    // Sharing with other origins.
    case accessControlAllowOrigin, accessControlAllowCredentials, accessControlAllowMethods
    case accessControlAllowHeaders, accessControlExposeHeaders, accessControlMaxAge, accessControlRequestMethod
    case accessControlRequestHeaders

    // Browser policies.
    case clearSiteData, strictTransportSecurity, contentSecurityPolicy, contentSecurityPolicyReportOnly
    case xContentTypeOptions, xFrameOptions, referrerPolicy, permissionsPolicy, crossOriginResourcePolicy
    case crossOriginOpenerPolicy, crossOriginEmbedderPolicy

    // What a proxy says.
    case forwarded, xForwardedFor, xForwardedHost, xForwardedProto, xForwardedPort, xForwardedPrefix
    case xForwardedServer, xForwardedUser, xForwardedEmail, xForwardedGroups, xForwardedPreferredUsername, xRealIP
    case xRequestID, traceparent, tracestate

    // WebSocket.
    case secWebSocketKey, secWebSocketAccept, secWebSocketVersion, secWebSocketProtocol, secWebSocketExtensions

    /// The name as we write it; empty for ``other``.
    package var name: StaticString {
        switch self {
        case .other: ""
        case .host: "Host"
        case .connection: "Connection"
        case .contentLength: "Content-Length"
        case .transferEncoding: "Transfer-Encoding"
        case .te: "TE"
        case .trailer: "Trailer"
        case .upgrade: "Upgrade"
        case .expect: "Expect"
        case .keepAlive: "Keep-Alive"
        case .proxyConnection: "Proxy-Connection"
        case .http2Settings: "HTTP2-Settings"
        case .maxForwards: "Max-Forwards"
        case .earlyData: "Early-Data"
        case .via: "Via"
        case .cookie: "Cookie"
        case .setCookie: "Set-Cookie"
        case .authorization: "Authorization"
        case .proxyAuthorization: "Proxy-Authorization"
        case .proxyAuthenticate: "Proxy-Authenticate"
        case .wwwAuthenticate: "WWW-Authenticate"
        case .authenticationInfo: "Authentication-Info"
        case .proxyAuthenticationInfo: "Proxy-Authentication-Info"
        case .dpop: "DPoP"
        case .dpopNonce: "DPoP-Nonce"
        case .clientCert: "Client-Cert"
        case .clientCertChain: "Client-Cert-Chain"
        case .origin: "Origin"
        case .referer: "Referer"
        case .secFetchSite: "Sec-Fetch-Site"
        case .secFetchMode: "Sec-Fetch-Mode"
        case .secFetchDest: "Sec-Fetch-Dest"
        case .secFetchUser: "Sec-Fetch-User"
        case .secPurpose: "Sec-Purpose"
        case .purpose: "Purpose"
        case .xCSRF: "X-CSRF"
        case .xRequestedWith: "X-Requested-With"
        case .xHTTPMethodOverride: "X-HTTP-Method-Override"
        case .upgradeInsecureRequests: "Upgrade-Insecure-Requests"
        case .accept: "Accept"
        case .acceptCharset: "Accept-Charset"
        case .acceptEncoding: "Accept-Encoding"
        case .acceptLanguage: "Accept-Language"
        case .userAgent: "User-Agent"
        case .from: "From"
        case .priority: "Priority"
        case .contentType: "Content-Type"
        case .contentEncoding: "Content-Encoding"
        case .contentLanguage: "Content-Language"
        case .contentLocation: "Content-Location"
        case .contentRange: "Content-Range"
        case .contentDisposition: "Content-Disposition"
        case .contentDigest: "Content-Digest"
        case .reprDigest: "Repr-Digest"
        case .digest: "Digest"
        case .range: "Range"
        case .ifRange: "If-Range"
        case .ifMatch: "If-Match"
        case .ifNoneMatch: "If-None-Match"
        case .ifModifiedSince: "If-Modified-Since"
        case .ifUnmodifiedSince: "If-Unmodified-Since"
        case .cacheControl: "Cache-Control"
        case .pragma: "Pragma"
        case .vary: "Vary"
        case .etag: "ETag"
        case .lastModified: "Last-Modified"
        case .expires: "Expires"
        case .age: "Age"
        case .date: "Date"
        case .warning: "Warning"
        case .location: "Location"
        case .server: "Server"
        case .retryAfter: "Retry-After"
        case .allow: "Allow"
        case .acceptRanges: "Accept-Ranges"
        case .link: "Link"
        case .proxyStatus: "Proxy-Status"
        case .serverTiming: "Server-Timing"
        case .altSvc: "Alt-Svc"
        case .accessControlAllowOrigin: "Access-Control-Allow-Origin"
        case .accessControlAllowCredentials: "Access-Control-Allow-Credentials"
        case .accessControlAllowMethods: "Access-Control-Allow-Methods"
        case .accessControlAllowHeaders: "Access-Control-Allow-Headers"
        case .accessControlExposeHeaders: "Access-Control-Expose-Headers"
        case .accessControlMaxAge: "Access-Control-Max-Age"
        case .accessControlRequestMethod: "Access-Control-Request-Method"
        case .accessControlRequestHeaders: "Access-Control-Request-Headers"
        case .clearSiteData: "Clear-Site-Data"
        case .strictTransportSecurity: "Strict-Transport-Security"
        case .contentSecurityPolicy: "Content-Security-Policy"
        case .contentSecurityPolicyReportOnly: "Content-Security-Policy-Report-Only"
        case .xContentTypeOptions: "X-Content-Type-Options"
        case .xFrameOptions: "X-Frame-Options"
        case .referrerPolicy: "Referrer-Policy"
        case .permissionsPolicy: "Permissions-Policy"
        case .crossOriginResourcePolicy: "Cross-Origin-Resource-Policy"
        case .crossOriginOpenerPolicy: "Cross-Origin-Opener-Policy"
        case .crossOriginEmbedderPolicy: "Cross-Origin-Embedder-Policy"
        case .forwarded: "Forwarded"
        case .xForwardedFor: "X-Forwarded-For"
        case .xForwardedHost: "X-Forwarded-Host"
        case .xForwardedProto: "X-Forwarded-Proto"
        case .xForwardedPort: "X-Forwarded-Port"
        case .xForwardedPrefix: "X-Forwarded-Prefix"
        case .xForwardedServer: "X-Forwarded-Server"
        case .xForwardedUser: "X-Forwarded-User"
        case .xForwardedEmail: "X-Forwarded-Email"
        case .xForwardedGroups: "X-Forwarded-Groups"
        case .xForwardedPreferredUsername: "X-Forwarded-Preferred-Username"
        case .xRealIP: "X-Real-IP"
        case .xRequestID: "X-Request-Id"
        case .traceparent: "traceparent"
        case .tracestate: "tracestate"
        case .secWebSocketKey: "Sec-WebSocket-Key"
        case .secWebSocketAccept: "Sec-WebSocket-Accept"
        case .secWebSocketVersion: "Sec-WebSocket-Version"
        case .secWebSocketProtocol: "Sec-WebSocket-Protocol"
        case .secWebSocketExtensions: "Sec-WebSocket-Extensions"
        }
    }
}
