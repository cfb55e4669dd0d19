import Foundation

/// What scripts could get at, and what went over the wire.
extension Chromium {
    /// Everything of the current page that a script can read: cookies, storage, document, addresses, history.
    package var reach: String {
        get throws {
            let script = """
                const done = arguments[arguments.length - 1];
                const names = (list) => list.map((entry) => entry.name);
                (async () => {
                  const caches = self.caches ? await self.caches.keys() : [];
                  const databases = indexedDB.databases ? names(await indexedDB.databases()) : [];
                  return [
                    document.cookie, JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage }),
                    document.documentElement.outerHTML, location.href, document.referrer, window.name,
                    JSON.stringify(history.state), caches, databases,
                    names(performance.getEntriesByType("navigation")), names(performance.getEntriesByType("resource")),
                  ].flat().join("\\n");
                })().then(done, (error) => done(String(error)));
                """
            guard let text = try runAsync(script) as? String, text.contains("<html") else {
                throw Failure(description: "the page could not be read")
            }
            return text
        }
    }

    /// The requests and answers since the last call as the browser saw them, and the addresses among them.
    ///
    /// Addresses, fields in both directions, cookies, form bodies: the DevTools messages as text. The hint of a logout,
    /// which is an ID token and belongs there (F3), is taken out.
    package func wire() throws -> Wire {
        var wire = Wire()
        for event in try networkEvents() {
            guard let method = event["method"] as? String, let parameters = event["params"] as? [String: Any] else {
                continue
            }
            // Of cookies that were not sent or not kept it tells as well; that is nothing that left or came in.
            let data = try JSONSerialization.data(withJSONObject: parameters, options: [.withoutEscapingSlashes])
            wire.text +=
                method + " " + String(decoding: data, as: UTF8.self).replacing(/id_token_hint=[^&"\\]*/, with: "")
            wire.text += "\n"
            if method == "Network.requestWillBeSent", let request = parameters["request"] as? [String: Any],
                let url = request["url"] as? String
            {
                wire.addresses.append(url)
            }
        }
        return wire
    }

    package struct Wire: Sendable {
        package var text = ""
        package var addresses: [String] = []
    }
}

/// Looks for tokens.
package enum TokenHunt {
    /// What of `tokens`, or of anything that looks like a signed token, is in `text`.
    package static func find(_ tokens: [String], in text: String) -> [String] {
        let signed = text.matches(of: /eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}/)
        return tokens.filter { text.contains($0) } + signed.map { String($0.output) }
    }
}
