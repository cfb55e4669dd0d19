/// Why routes cannot stand together in one table.
///
/// Indices are those of the list of routes.
package enum RouteTableError: Error, Equatable {
    /// Two routes that the same request would select (G73).
    case equal(first: Int, second: Int)
    /// A route at or below the gateway's own endpoints (G74).
    case underEndpoints(Int)
    /// A host that is none of the sites'.
    case unknownHost(Int)
    /// No upper-case method name, or one that is never routed: CONNECT, TRACE (E31).
    case method(Int, String)
    /// More than fifty method names that HTTP itself does not know.
    case tooManyMethods(Int)
}
