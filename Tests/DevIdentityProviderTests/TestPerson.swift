import Formats
import Foundation
import HTTPServer
import Testing

@testable import DevIdentityProvider

/// A person with a browser: keeps cookies, reads pages, clicks.
final class TestPerson {
    private let harness: ProviderHarness
    private(set) var cookies: [String: String] = [:]

    init(_ harness: ProviderHarness) { self.harness = harness }

    /// Where a walk ended: an address outside of the provider, or a page.
    struct End {
        let address: String
        let page: ServiceResponse

        /// A parameter of the address, if it comes exactly once.
        subscript(name: String) -> String? {
            let values = URLComponents(string: address)?.queryItems?.filter { $0.name == name } ?? []
            return values.count == 1 ? values[0].value?.replacingOccurrences(of: "+", with: " ") : nil
        }
    }

    func send(
        _ method: String, _ target: String, form: [(String, String)]? = nil, headers: [(String, String)] = []
    ) async -> ServiceResponse {
        var headers = headers
        if !cookies.isEmpty {
            headers.append(("Cookie", cookies.map { "\($0)=\($1)" }.sorted().joined(separator: "; ")))
        }
        let response = await harness.send(method, target, form: form, headers: headers)
        for (name, value) in response.headers where name == "Set-Cookie" {
            let pair = value.split(separator: ";")[0].split(separator: "=", maxSplits: 1).map(String.init)
            cookies[pair[0]] = value.contains("Max-Age=0") ? nil : (pair.count > 1 ? pair[1] : "")
        }
        return response
    }

    func open(_ parameters: [(String, String)]) async -> ServiceResponse {
        await send("GET", harness.path(.authorize) + "?" + FormEncoding.encode(parameters))
    }

    /// Fills in the form of `page` and presses one of its buttons.
    func press(_ button: (String, String), on page: ServiceResponse, headers: [(String, String)] = []) async throws
        -> ServiceResponse
    {
        let form = try #require(PageForms.first(in: page.text), "no form on: \(page.text)")
        return await send("POST", form.action, form: form.fields + [button], headers: headers)
    }

    /// Follows redirects inside the provider.
    func follow(_ response: ServiceResponse) async -> ServiceResponse {
        var response = response
        while response.status == 303, let location = response.header("Location"), location.hasPrefix("/") {
            response = await send("GET", location)
        }
        return response
    }

    /// Walks from the request to the application, clicking `user` and allowing what is asked.
    func walk(_ parameters: [(String, String)], as user: String = "alice") async throws -> End {
        var response = await follow(await open(parameters))
        if response.text.contains("class=\"people\"") {
            response = await follow(try await press(("user", user), on: response))
        }
        if response.text.contains("class=\"wishes\"") {
            response = await follow(try await press(("decision", "allow"), on: response))
        }
        return End(address: response.header("Location") ?? "", page: response)
    }
}

/// Reads the first form of a page, hidden fields included.
enum PageForms {
    static func first(in page: String) -> (action: String, fields: [(String, String)])? {
        guard let action = page.firstMatch(of: /<form method="post" action="([^"]*)"/)?.1 else { return nil }
        let hidden = page.matches(of: /<input type="hidden" name="([^"]*)" value="([^"]*)">/)
        return (String(action), hidden.map { (String($0.1), unescape(String($0.2))) })
    }

    private static func unescape(_ text: String) -> String {
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#x27;", "'"), ("&amp;", "&")]
            .reduce(text) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
    }
}
