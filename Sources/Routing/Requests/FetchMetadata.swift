private import Bytes

/// `Sec-Fetch-Site`: how the page that made a request stands to us (Fetch Metadata, section 2.3).
package enum FetchSite: Sendable, Equatable, CaseIterable {
    /// Not sent, or a value that nobody has defined.
    case absent
    case sameOrigin
    case sameSite
    case crossSite
    /// Typed, a bookmark: no page made the request.
    case none

    package init(_ value: Span<UInt8>) {
        self =
            if value.equals("same-origin") { .sameOrigin } else if value.equals("same-site") {
                .sameSite
            } else if value.equals("cross-site") { .crossSite } else if value.equals("none") { .none } else { .absent }
    }
}

/// `Sec-Fetch-Mode`, as far as it matters here.
package enum FetchMode: Sendable, Equatable, CaseIterable {
    case absent
    case navigate
    case other

    package init(_ value: Span<UInt8>) { self = value.equals("navigate") ? .navigate : .other }
}

/// `Sec-Fetch-Dest`, as far as it matters here.
package enum FetchDestination: Sendable, Equatable, CaseIterable {
    case absent
    /// A page in a tab of its own; in a frame it is `iframe`, `frame`, `embed` or `object`.
    case document
    case other

    package init(_ value: Span<UInt8>) { self = value.equals("document") ? .document : .other }
}

/// `Origin`, compared with the site on which a request came (E22).
package enum OriginEvidence: Sendable, Equatable, CaseIterable {
    case absent
    case own
    /// Another origin, or `null`.
    case foreign
}
