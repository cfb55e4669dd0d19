/// What came of asking a running gateway to read its configuration again.
package enum ReloadOutcome: Sendable, Equatable {
    /// It runs with it; `warnings` as `FILE:LINE:COLUMN: warning: …`.
    case taken(warnings: [String])
    /// Nothing has changed; why, a line each.
    case refused(problems: [String])
}
