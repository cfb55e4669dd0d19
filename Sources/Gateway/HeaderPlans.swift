import Formats
package import Routing
package import Sessions

/// What the routes of one snapshot make of a user's claims, in requests and in responses; one plan a distinct set of rules.
package final class HeaderPlans: Sendable {
    let plans: [ClaimHeaders]

    init(_ plans: [ClaimHeaders]) { self.plans = plans }

    /// Claims that some route puts into a header, as dotted paths.
    var neededClaims: [String] { Array(Set(plans.flatMap { $0.claims.map(\.text) })).sorted() }

    /// The header lines that this user's claims make, for each plan.
    package func rendered(for session: Session) -> (headers: RenderedHeaders, omissions: [HeaderOmission]) {
        var lines: [[UInt8]] = []
        var omissions: [HeaderOmission] = []
        for plan in plans {
            let rendered = plan.rendered(for: session.claims)
            lines.append(rendered.lines)
            omissions += rendered.omissions
        }
        return (RenderedHeaders(plans: self, lines: lines), omissions)
    }
}

/// Field lines that a user's claims make, and the plans they were made by.
package struct RenderedHeaders: Sendable {
    let plans: HeaderPlans
    let lines: [[UInt8]]
}
