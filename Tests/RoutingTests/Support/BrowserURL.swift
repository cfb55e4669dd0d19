/// Where a browser goes for a `Location`, after the WHATWG URL standard: enough of it to see an origin change hands.
enum BrowserURL {
    /// The origin that `location` leads to from a page of `https://app.example.com`; nil where the browser goes nowhere.
    static func origin(of location: String) -> String? {
        var text = location
        while let first = text.unicodeScalars.first, first.value <= 0x20 { text.unicodeScalars.removeFirst() }
        while let last = text.unicodeScalars.last, last.value <= 0x20 { text.unicodeScalars.removeLast() }
        text.unicodeScalars.removeAll { $0 == "\t" || $0 == "\n" || $0 == "\r" }
        if let colon = text.firstIndex(of: ":") {
            let scheme = text[..<colon]
            let isScheme =
                scheme.first?.isLetter == true && scheme.allSatisfy { $0.isLetter || $0.isNumber || "+-.".contains($0) }
            if isScheme { return String(scheme).lowercased() + ":" }
        }
        let head = text.prefix { $0 != "?" && $0 != "#" }.replacing("\\", with: "/")
        if head.hasPrefix("//") {
            let authority = head.drop { $0 == "/" }.prefix { $0 != "/" }
            return "https://" + authority
        }
        return "https://app.example.com"
    }
}
