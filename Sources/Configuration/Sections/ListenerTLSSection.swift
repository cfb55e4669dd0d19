/// `listen[].tls`: a certificate with its key, or a list of them from which the browser's SNI chooses.
struct ListenerTLSSection {
    let listener: SectionReader

    private enum Version: String, CaseIterable {
        case tls12 = "1.2"
        case tls13 = "1.3"
    }

    /// Reports what is wrong with it.
    func check() {
        guard let node = listener.nullableValue("tls") else { return }
        guard case .sequence(let nodes) = node.content else { return check(node, "\(listener.path).tls") }
        if nodes.isEmpty {
            listener.context.error(node.mark, "\(listener.name("tls")) is empty", hint: "leave it out for plain http")
        }
        for (index, node) in nodes.enumerated() { check(node, "\(listener.path).tls[\(index)]") }
    }

    private func check(_ node: YAMLNode, _ path: String) {
        guard let pair = listener.section(node, named: path) else { return }
        pair.require("certificate", hint: "a PEM file")
        pair.require("key", hint: "a PEM file")
        _ = pair.path("certificate")
        _ = pair.path("key")
        var version = Version.tls12
        pair.choice("minimum_version", into: &version)
        pair.finish()
    }
}
