/// A page of ours: a card with a title, what it says, and what can be done.
///
/// No scripts, nothing loaded from anywhere.
package struct Page: Sendable {
    /// Something to do, as a link that looks like a button.
    package struct Action: Sendable {
        package var label: String
        /// A local path, or a checked URL of ours.
        package var target: String

        package init(_ label: String, _ target: String) {
            self.label = label
            self.target = target
        }
    }

    package var title: String
    /// A line above the title, such as `Error 404`.
    package var kind: String?
    package var content: HTML
    /// The first one is the one to choose.
    package var actions: [Action] = []
    /// Lets support find the request in the log.
    package var requestID: String?
    /// Where the browser goes by itself, at once.
    package var continuesTo: String?
    /// For lists that need more room.
    package var isWide = false

    package init(title: String, content: HTML) {
        self.title = title
        self.content = content
    }

    /// The document in UTF-8; its type is `text/html; charset=utf-8`.
    package var bytes: [UInt8] { Array(html.text.utf8) }

    var html: HTML {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <title>\(title)</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="robots" content="noindex">
        \(continuation)<style>\(HTML(stringLiteral: PageStyle.sheet))</style>
        </head>
        <body>
        <main\(isWide ? " class=\"wide\"" as HTML : "" as HTML)>
        \(PageStyle.mark)
        \(kind.map { "<p class=\"kind\">\($0)</p>\n" as HTML })<h1>\(title)</h1>
        \(content)
        \(buttons)</main>
        \(requestID.map { "<footer>Request <code>\($0)</code></footer>\n" as HTML })</body>
        </html>

        """
    }

    private var buttons: HTML? {
        if actions.isEmpty { return nil }
        let links = actions.enumerated().map { index, action -> HTML in
            let style: HTML = index == 0 ? "button" : "button quiet"
            return "<a class=\"\(style)\" href=\"\(action.target)\">\(action.label)</a>"
        }
        return "<p class=\"actions\">\(HTML.all(links))</p>\n"
    }

    private var continuation: HTML? {
        continuesTo.map { "<meta http-equiv=\"refresh\" content=\"0;url=\($0)\">\n" }
    }
}
