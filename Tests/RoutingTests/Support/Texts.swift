@testable import Routing

// The same questions with text, since `#expect` cannot look into an expression with spans.

extension FoldedNames {
    func contains(text: String) -> Bool { contains(Array(text.utf8).span) }
}

extension RequestHeaderRules {
    func removes(text: String) -> Bool { removes(Array(text.utf8).span) }
}

extension ResponseHeaderRules {
    func removes(text: String) -> Bool { removes(Array(text.utf8).span) }
}

extension AcceptField {
    static func namesHTML(text: String) -> Bool { namesHTML(Array(text.utf8).span) }
}

extension ReturnTarget {
    init?(local text: String, tolerances: PathTolerances = []) {
        self.init(local: Array(text.utf8).span, endpoints: Sample.endpoints, tolerances: tolerances)
    }
}
