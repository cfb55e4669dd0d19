import HTTPServer
import TLS

/// `listen[].tls`: a certificate with its key, or a list of them from which the browser's SNI chooses.
struct ListenerTLSSection {
    let listener: SectionReader

    /// TLS of the listener; nil where there is none, and where a mistake leaves nothing to work with.
    func read() -> ServerTLSSettings? {
        guard let node = listener.nullableValue("tls") else { return nil }
        var nodes = [(node: node, path: "\(listener.path).tls")]
        if case .sequence(let list) = node.content {
            nodes = list.enumerated().map { (node: $1, path: "\(listener.path).tls[\($0)]") }
        }
        if nodes.isEmpty {
            listener.context.error(node.mark, "\(listener.name("tls")) is empty", hint: "leave it out for plain http")
        }
        var settings = ServerTLSSettings(pairs: [])
        var version: (value: TLSVersion, mark: YAMLMark)?
        for (node, path) in nodes {
            guard let section = listener.section(node, named: path) else { continue }
            if let pair = pair(section) { settings.pairs.append(pair) }
            agree(section, &version)
            section.finish()
        }
        settings.minimum = version?.value ?? settings.minimum
        return settings.pairs.isEmpty ? nil : settings
    }

    private func pair(_ section: SectionReader) -> ServerTLSSettings.Pair? {
        section.require("certificate", hint: "a PEM file")
        section.require("key", hint: "a PEM file")
        let certificate = section.path("certificate")
        let key = section.path("key")
        guard let certificate, let key,
            IdentityCheck(section: section).check(certificate: certificate, key: key, isServer: true)
        else { return nil }
        let context = section.context
        return ServerTLSSettings.Pair(certificate: context.path(certificate.value), key: context.path(key.value))
    }

    /// The version is agreed on before the client has said which name it wants, so it is one for the whole listener.
    private func agree(_ section: SectionReader, _ first: inout (value: TLSVersion, mark: YAMLMark)?) {
        var version = TLSVersion.tls12
        section.choice("minimum_version", into: &version)
        let mark = section.valueMark(of: "minimum_version")
        guard let known = first else {
            first = (version, mark)
            return
        }
        if known.value != version {
            listener.context.error(
                mark,
                "\(section.name("minimum_version")) is \(version.rawValue), and \(known.value.rawValue) on line "
                    + "\(known.mark.line) for the same listener", hint: "write the same version for each certificate")
        }
    }
}
