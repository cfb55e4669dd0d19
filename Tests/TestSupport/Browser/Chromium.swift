import Foundation

/// A real browser, driven through chromedriver (W3C WebDriver) with a profile of its own.
///
/// Every call blocks the calling thread until the browser answers; each waits for a condition, never for luck.
package final class Chromium: @unchecked Sendable {
    // @unchecked: used by one test at a time; its state does not change after start.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private let driver: ChildProcess
    private let port: Int
    private let profile: URL
    private var session = ""

    /// Starts a driver and a browser window of the given size; `dark` asks pages for their dark colours.
    ///
    /// `switches` are added to the browser's command line.
    package init(
        width: Int = 1280, height: Int = 900, dark: Bool = false, language: String = "en", switches: [String] = []
    ) throws {
        profile = FileManager.default.temporaryDirectory.appendingPathComponent("chromium-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: profile, withIntermediateDirectories: true)
        port = try freePort()
        driver = try ChildProcess(["/usr/bin/chromedriver", "--port=\(port)", "--log-level=SEVERE"])
        try eventually("chromedriver answers", within: 20) {
            (try? call("GET", "/status", nil)) != nil
        }
        var arguments = [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-dev-shm-usage",
            "--user-data-dir=\(profile.path)", "--window-size=\(width),\(height)", "--lang=\(language)",
        ]
        arguments += switches
        if dark { arguments.append("--blink-settings=preferredColorScheme=0") }
        let wanted: [String: Any] = [
            "capabilities": [
                "alwaysMatch": [
                    "browserName": "chrome",
                    "acceptInsecureCerts": true,
                    "goog:chromeOptions": ["args": arguments, "binary": "/usr/bin/chromium"],
                    "goog:loggingPrefs": ["performance": "ALL", "browser": "ALL"],
                ]
            ]
        ]
        guard let answer = try call("POST", "/session", wanted) as? [String: Any],
            let id = answer["sessionId"] as? String
        else { throw Failure(description: "chromedriver gave no session") }
        session = "/session/\(id)"
    }

    deinit { quit() }

    /// Ends browser and driver and removes the profile.
    package func quit() {
        if !session.isEmpty { _ = try? call("DELETE", session, nil) }
        session = ""
        driver.end()
        try? FileManager.default.removeItem(at: profile)
    }

    // MARK: Moving

    package func open(_ url: String) throws { _ = try call("POST", session + "/url", ["url": url]) }
    package func reload() throws { _ = try call("POST", session + "/refresh", [:]) }
    package func back() throws { _ = try call("POST", session + "/back", [:]) }
    package var url: String { get throws { try call("GET", session + "/url", nil) as? String ?? "" } }
    package var title: String { get throws { try call("GET", session + "/title", nil) as? String ?? "" } }
    package var source: String { get throws { try call("GET", session + "/source", nil) as? String ?? "" } }

    /// Opens another tab and makes it the current one; its handle comes back.
    @discardableResult
    package func openTab() throws -> String {
        guard let answer = try call("POST", session + "/window/new", ["type": "tab"]) as? [String: Any],
            let handle = answer["handle"] as? String
        else { throw Failure(description: "no tab") }
        try show(tab: handle)
        return handle
    }

    package var tab: String { get throws { try call("GET", session + "/window", nil) as? String ?? "" } }
    package func show(tab handle: String) throws { _ = try call("POST", session + "/window", ["handle": handle]) }

    // MARK: Looking and touching

    /// Waits until an element that `selector` (CSS) names is there and shown.
    @discardableResult
    package func element(_ selector: String, within seconds: Double = 15) throws -> String {
        var found: String?
        try eventually("\(selector) on \((try? url) ?? "?")", within: seconds) {
            guard
                let answer = try? call(
                    "POST", session + "/element", ["using": "css selector", "value": selector]) as? [String: Any],
                let id = answer["element-6066-11e4-a52e-4f735466cecf"] as? String,
                (try? call("GET", session + "/element/\(id)/displayed", nil)) as? Bool == true
            else { return false }
            found = id
            return true
        }
        return found ?? ""
    }

    /// Finds an element and does something with it; once more when the page has put another in its place meanwhile.
    private func with<Result>(_ selector: String, _ action: (String) throws -> Result) throws -> Result {
        for _ in 0..<20 {
            do {
                return try action(session + "/element/" + element(selector))
            } catch let failure as Failure where failure.description.contains("stale element reference") {}
        }
        throw Failure(description: "\(selector) is never the same")
    }

    package func click(_ selector: String) throws {
        _ = try with(selector) { try call("POST", $0 + "/click", [:]) }
    }

    package func type(_ text: String, into selector: String) throws {
        _ = try with(selector) { try call("POST", $0 + "/value", ["text": text]) }
    }

    package func text(_ selector: String) throws -> String {
        try with(selector) { try call("GET", $0 + "/text", nil) as? String ?? "" }
    }

    /// Runs a script in the page and gives back what it returns.
    @discardableResult
    package func run(_ script: String, _ arguments: [Any] = []) throws -> Any? {
        try call("POST", session + "/execute/sync", ["script": script, "args": arguments])
    }

    /// Runs a script that ends by calling its last argument.
    package func runAsync(_ script: String, _ arguments: [Any] = []) throws -> Any? {
        try call("POST", session + "/execute/async", ["script": script, "args": arguments])
    }

    /// The answer to `fetch(path)` in the page: status, final URL, body.
    package func fetch(
        _ path: String, method: String = "GET", headers: [String: String] = [:], body: String? = nil
    ) throws -> (status: Int, url: String, body: String) {
        let script = """
            const [path, options, done] = arguments;
            fetch(path, options).then(async r => done([r.status, r.url, await r.text()]), e => done([0, "", String(e)]));
            """
        var options: [String: Any] = ["method": method, "headers": headers]
        if let body { options["body"] = body }
        guard let list = try runAsync(script, [path, options]) as? [Any], list.count == 3 else {
            throw Failure(description: "fetch gave nothing")
        }
        return (list[0] as? Int ?? 0, list[1] as? String ?? "", list[2] as? String ?? "")
    }

    /// Waits until `condition` holds for the page's address.
    package func waitForURL(
        within seconds: Double = 20, _ what: String = "address", _ condition: (String) -> Bool
    ) throws {
        try eventually("\(what), is \((try? url) ?? "?")", within: seconds) { condition((try? url) ?? "") }
    }

    package struct Cookie: Sendable {
        package let name: String
        package let value: String
        package let attributes: [String: String]
    }

    /// All cookies of the browser, HttpOnly ones included, whatever their host.
    package var cookies: [Cookie] {
        get throws {
            let answer = try devtools("Network.getAllCookies", [:])
            return (answer["cookies"] as? [[String: Any]] ?? []).map { cookie in
                Cookie(
                    name: cookie["name"] as? String ?? "", value: cookie["value"] as? String ?? "",
                    attributes: cookie.mapValues { "\($0)" })
            }
        }
    }

    /// One call of the DevTools protocol.
    @discardableResult
    package func devtools(_ method: String, _ parameters: [String: Any]) throws -> [String: Any] {
        try call("POST", session + "/goog/cdp/execute", ["cmd": method, "params": parameters]) as? [String: Any] ?? [:]
    }

    /// What happened on the network since the last call: the messages of the DevTools protocol as they came.
    package func networkEvents() throws -> [[String: Any]] {
        let entries = try call("POST", session + "/se/log", ["type": "performance"]) as? [[String: Any]] ?? []
        return entries.compactMap { entry in
            guard let text = entry["message"] as? String,
                let object = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
            else { return nil }
            return object["message"] as? [String: Any]
        }
    }

    package func screenshot(_ path: String) throws {
        guard let text = try call("GET", session + "/screenshot", nil) as? String, let data = Data(base64Encoded: text)
        else { throw Failure(description: "no screenshot") }
        try data.write(to: URL(fileURLWithPath: path))
    }

    // MARK: The wire

    /// One WebDriver command over a connection of its own.
    @discardableResult
    private func call(_ method: String, _ path: String, _ body: [String: Any]?) throws -> Any? {
        let payload = try body.map { try JSONSerialization.data(withJSONObject: $0) } ?? Data()
        var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n"
        head += "Content-Type: application/json; charset=utf-8\r\nContent-Length: \(payload.count)\r\n\r\n"
        let answer = try exchange(port: port, Array(head.utf8) + Array(payload), timeout: 60)
        guard let split = answer.firstRange(of: Array("\r\n\r\n".utf8)) else {
            throw Failure(description: "\(method) \(path): no answer")
        }
        let object =
            try JSONSerialization.jsonObject(
                with: Data(answer[split.upperBound...]), options: .fragmentsAllowed) as? [String: Any]
        let value = object?["value"]
        if let refusal = value as? [String: Any], let error = refusal["error"] as? String {
            throw Failure(description: "\(method) \(path): \(error): \(refusal["message"] ?? "")")
        }
        return value is NSNull ? nil : value
    }
}
