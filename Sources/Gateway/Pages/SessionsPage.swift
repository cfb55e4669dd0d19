/// The signed-in person's own sessions, with a form to end each (contract, section 3: `GET /bff/sessions` for a browser).
package enum SessionsPage {
    package struct Row: Sendable {
        /// The public id, as the forms send it back.
        package var id: String
        /// When it began, for people: `21 November 2025, 09:41 UTC`.
        package var began: String
        package var lastSeen: String
        package var isCurrent: Bool

        package init(id: String, began: String, lastSeen: String, isCurrent: Bool) {
            self.id = id
            self.began = began
            self.lastSeen = lastSeen
            self.isCurrent = isCurrent
        }
    }

    /// `endURL`: where the forms are posted, with `id` as their one field; without it all other sessions end.
    package static func page(user: String, rows: [Row], endURL: String) -> Page {
        let list = HTML.all(rows.map { row(for: $0, endURL: endURL) })
        let others: HTML? =
            rows.contains { !$0.isCurrent }
            ? """
            <form method="post" action="\(endURL)"><p class="actions"><button class="button">End all other sessions</button></p></form>
            """ : nil
        var page = Page(
            title: "Your sessions",
            content: """
                <p>Signed in as <strong>\(user)</strong>. Each row is a browser in which you are signed in. End those that you do not
                know.</p>
                <ul class="rows">
                \(list)</ul>
                \(others)
                """)
        page.isWide = true
        return page
    }

    private static func row(for row: Row, endURL: String) -> HTML {
        let tag: HTML? = row.isCurrent ? "<span class=\"tag\">this browser</span>" : nil
        return """
            <li><div><strong>Since \(row.began)</strong>\(tag)<small>Last used \(row.lastSeen)</small></div>
            <form method="post" action="\(endURL)"><input type="hidden" name="id" value="\(row.id)">\
            <button class="button quiet">\(row.isCurrent ? "Sign out" as HTML : "End" as HTML)</button></form></li>

            """
    }
}
