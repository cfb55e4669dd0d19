/// The drawings of the provider's pages.
enum ProviderMark {
    /// A small gate in a wall.
    static let gate: HTML = """
        <svg class="mark" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">\
        <rect class="wall" width="32" height="32" rx="8"/>\
        <path class="door" d="M9 25V14a7 7 0 0 1 14 0v11z"/><circle class="knob" cx="19.2" cy="18" r="1.5"/></svg>
        """

    static let check: HTML = """
        <svg viewBox="0 0 24 24" width="28" height="28"><path d="M5 12.5l4.5 4.5L19 7.5" fill="none" \
        stroke="currentColor" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round"/></svg>
        """

    /// The same gate as a file of its own, for the browser's tab.
    static let icon = """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#5b4bd6"/>\
        <path d="M9 25V14a7 7 0 0 1 14 0v11z" fill="#fff"/><circle cx="19.2" cy="18" r="1.5" fill="#5b4bd6"/></svg>
        """
}
