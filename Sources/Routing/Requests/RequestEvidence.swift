private import Bytes
package import HTTP

/// What a request tells about who made it: everything that the rules about sign-in and other sites look at.
///
/// Read once a request; the rules are pure functions of it. None of the fields comes twice: such a request is refused as it is
/// read (G35).
package struct RequestEvidence: Sendable, Equatable {
    package var method: Method = .get
    package var site: FetchSite = .absent
    package var mode: FetchMode = .absent
    package var destination: FetchDestination = .absent
    /// Any of `Sec-Fetch-Site`, `-Mode` and `-Dest` was sent, whatever it said.
    package var hasFetchMetadata = false
    package var origin: OriginEvidence = .absent
    /// `X-CSRF` was sent.
    ///
    /// Its value does not matter: its presence forces a preflight on other origins.
    package var hasCSRFHeader = false
    /// A WebSocket handshake.
    package var isWebSocket = false
    /// A CORS preflight (Fetch, section 3.2.2).
    package var isPreflight = false
    /// A prefetch or prerender: nobody has asked for the page yet (A17a).
    package var isSpeculative = false
    /// `Accept` names HTML.
    package var acceptsHTML = false
    /// Made by a script that says so with `X-Requested-With`.
    package var isScripted = false
    /// `Referer` is a page of the same site.
    package var refererIsOwn = false

    package init() {}

    /// Reads a request that came to `site`.
    package init(_ head: RequestHead, site: Site) {
        method = head.method
        isWebSocket = head.isUpgrade
        if let value = head.fields.value(of: .secFetchSite) { self.site = FetchSite(value) }
        if let value = head.fields.value(of: .secFetchMode) { mode = FetchMode(value) }
        if let value = head.fields.value(of: .secFetchDest) { destination = FetchDestination(value) }
        hasFetchMetadata =
            head.fields.contains(.secFetchSite) || head.fields.contains(.secFetchMode)
            || head.fields.contains(.secFetchDest)
        if let value = head.fields.value(of: .origin) { origin = site.isOrigin(value) ? .own : .foreign }
        hasCSRFHeader = head.fields.contains(.xCSRF)
        isPreflight = head.fields.contains(.accessControlRequestMethod) && method == .options && origin != .absent
        isSpeculative =
            Self.announcesSpeculation(head.fields, .secPurpose) || Self.announcesSpeculation(head.fields, .purpose)
        acceptsHTML = AcceptField.namesHTML(head.fields)
        if let value = head.fields.value(of: .xRequestedWith) {
            isScripted = value.equalsIgnoringCase("xmlhttprequest")
        }
        if let value = head.fields.value(of: .referer) { refererIsOwn = site.isPage(value) }
    }

    /// GET or HEAD.
    package var isRetrieval: Bool { method == .get || method == .head }

    /// A page that opens in a tab of its own, as the browser itself testifies.
    package var isTestifiedNavigation: Bool { isRetrieval && mode == .navigate && destination == .document }

    /// A page that opens in a tab of its own, as far as can be told (A15).
    package var isNavigation: Bool {
        if isWebSocket || isPreflight { return false }
        return isTestifiedNavigation || isRetrieval && !hasFetchMetadata && acceptsHTML && !isScripted
    }

    /// True when a person will look at the answer: then it is a page, else a problem document.
    package var wantsPage: Bool {
        acceptsHTML && !isWebSocket && !isScripted && (mode == .navigate || !hasFetchMetadata)
    }

    /// `Sec-Purpose: prefetch;prerender` of today's browsers, `Purpose: prefetch` of yesterday's.
    private static func announcesSpeculation(_ fields: borrowing Fields, _ field: KnownField) -> Bool {
        var position = fields.first(field)
        while let found = position {
            let value = fields.value(found)
            if value.containsIgnoringCase("prefetch") || value.containsIgnoringCase("prerender") { return true }
            position = fields.next(field, from: found + 1)
        }
        return false
    }
}
