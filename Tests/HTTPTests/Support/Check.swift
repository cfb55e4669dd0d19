import Testing

/// `#expect` for expressions that borrow what cannot be copied, which the macro cannot take apart.
func check(_ condition: Bool, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation) {
    if !condition { Issue.record(comment ?? "not true", sourceLocation: sourceLocation) }
}
