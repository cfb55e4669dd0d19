/// Values of request headers: text with `{claims.…}` in it.
enum TemplateCheck {
    /// What is wrong with a template, or nil.
    static func objection(to text: String) -> String? {
        var rest = text[...]
        while let open = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
            guard rest[open] == "{", let close = rest[open...].firstIndex(of: "}") else {
                return "a brace stands alone"
            }
            let name = rest[rest.index(after: open)..<close]
            guard name.hasPrefix("claims."), ClaimPath.isWellFormed(String(name)) else {
                return "\(Quoted("{\(name)}")) names nothing that can be sent"
            }
            rest = rest[rest.index(after: close)...]
        }
        return nil
    }
}
