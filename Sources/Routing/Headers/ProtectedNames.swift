package import HTTP

/// Fields that only the gateway says anything with: a client's own are dropped on every route, public ones included
/// (E33, G34).
package final class ProtectedNames: Sendable {
    private let names: FoldedNames
    private let methodOverrides: FoldedNames
    /// The known fields among the names, so that most names need no look.
    private let known: KnownFieldSet

    /// - Parameter routes: every route's set names count on every route, since routes share upstreams.
    package init(routes: [RouteSettings]) {
        var all = Self.always
        for route in routes { all += route.requestHeaders.set.map(\.name) }
        names = FoldedNames(all)
        methodOverrides = FoldedNames(["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
        var known = KnownFieldSet()
        for field in KnownField.allCases where field != .other {
            let name = "\(field.name)"
            if Self.isProtected(name.utf8Span.span, names) { known.insert(field) }
        }
        self.known = known
    }

    /// True when a client's field of this name must not pass.
    ///
    /// - Parameters:
    ///   - known: which field it is, where that is known already.
    ///   - dependsOnMethod: the route was chosen by its method (``RouteTable/dependsOnMethod(_:)``); then what would be
    ///     another method upstream does not pass either (G73).
    package func contains(
        _ name: Span<UInt8>, known field: KnownField = .other, dependsOnMethod: Bool = false
    ) -> Bool {
        if field != .other { return known.contains(field) || dependsOnMethod && field == .xHTTPMethodOverride }
        return Self.isProtected(name, names) || dependsOnMethod && methodOverrides.contains(name)
    }

    private static func isProtected(_ name: Span<UInt8>, _ names: FoldedNames) -> Bool {
        if names.contains(name) || isOfFamily(name) { return true }
        // Names with `_` are dropped whatever they are: nobody can tell what an upstream takes them for.
        for index in name.indices where name[index] == UInt8(ascii: "_") { return true }
        return false
    }

    /// Credentials, addresses, and fields by which frameworks let a request say that it is another one.
    private static let always = [
        "Authorization", "Proxy-Authorization", "DPoP", "Forwarded", "X-Real-IP", "Client-Cert", "Client-Cert-Chain",
        "X-Original-URL", "X-Original-URI", "X-Original-Host", "X-Rewrite-URL", "X-Forwarded", "Proxy",
        // What servers take from an authenticating proxy in front of them: Apache, Grafana, and whoever copied them.
        "Remote-User", "X-Remote-User", "X-WebAuth-User",
    ]

    /// `X-Forwarded-*`, `X-Auth-Request-*`, `X-Postern-*`, `Client-Cert*`, `X-Client-Cert*`, `X-SSL-Client-*`,
    /// `X-MS-Client-Principal*`.
    private static func isOfFamily(_ name: Span<UInt8>) -> Bool {
        guard let first = name.indices.first.map({ name[$0] | 0x20 }) else { return false }
        if first == UInt8(ascii: "x") {
            return begins(name, "x-forwarded-") || begins(name, "x-auth-request-") || begins(name, "x-postern-")
                || begins(name, "x-client-cert") || begins(name, "x-ssl-client-")
                || begins(name, "x-ms-client-principal")
        }
        return first == UInt8(ascii: "c") && begins(name, "client-cert")
    }

    private static func begins(_ name: Span<UInt8>, _ folded: StaticString) -> Bool {
        let length = folded.utf8CodeUnitCount
        if name.count < length { return false }
        for index in 0..<length where unsafe FoldedNames.fold(name[index]) != folded.utf8Start[index] { return false }
        return true
    }
}
