extension String {
    /// True when both are the same code units.
    ///
    /// Swift's `==` holds canonically equivalent texts for equal: the Kelvin sign for `K`, a precomposed letter for its
    /// parts. Whatever two parties must agree on byte by byte (issuers, subjects, states, names of claims) is compared
    /// with this instead.
    @inlinable package func isExactly(_ other: String) -> Bool {
        utf8Span.span.equals(other.utf8Span.span)
    }
}
