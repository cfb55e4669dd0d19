import HTTPClient
import TLS

/// `upstreams.NAME.tls`: how its servers under https are verified, and who we say we are.
struct UpstreamTLSSection {
    let upstream: SectionReader
    /// The upstream's servers are read already.
    let servers: [UpstreamServer]

    func read(into settings: inout UpstreamSettings.TLS) {
        guard let section = upstream.section("tls", nullable: true) else { return }
        defer { section.finish() }
        let standard = settings
        if let ca = section.path("ca", nullable: true) { settings.ca = bundle(ca, section) }
        if let name = section.string("server_name", nullable: true) { settings.serverName = serverName(name, section) }
        let certificate = section.path("certificate", nullable: true)
        let key = section.path("key", nullable: true)
        identity(certificate, key, section, &settings)
        section.bool("verify", into: &settings.verify)
        if settings == standard { return }
        guard servers.contains(where: \.isSecure) else {
            if !servers.isEmpty {
                section.context.warn(section.mark, "\(upstream.name("tls")) has no effect: no server is under https")
            }
            return
        }
        if !settings.verify {
            section.context.warn(
                section.valueMark(of: "verify"),
                "\(section.name("verify")) is false: whoever stands between may read and change everything, tokens too",
                hint: "name the authority of its certificate in `ca`")
        }
    }

    private func bundle(_ text: Located<String>, _ section: SectionReader) -> String? {
        let path = section.context.path(text.value)
        do throws(ConfigurationFileError) {
            let bytes = try section.context.files.read(path)
            do throws(TLSSetupError) {
                _ = try TLSClientContext(authorities: bytes)
                return path
            } catch {
                section.context.error(text.mark, "\(section.name("ca")): the file \(text.shown(path)) \(error.text)")
            }
        } catch {
            section.context.error(
                text.mark, "\(section.name("ca")): the file \(text.shown(path)) cannot be read: \(error.reason)")
        }
        return nil
    }

    private func serverName(_ text: Located<String>, _ section: SectionReader) -> String? {
        let isName =
            text.value.utf8.count <= 253
            && text.value.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (97...122).contains(byte | 0x20) || byte == UInt8(ascii: "-")
                    || byte == UInt8(ascii: ".") || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "_")
            }
        if isName { return text.value }
        section.context.error(
            text.mark, "\(section.name("server_name")) is a host name or an IP address, not \(text.shown)")
        return nil
    }

    private func identity(
        _ certificate: Located<String>?, _ key: Located<String>?, _ section: SectionReader,
        _ settings: inout UpstreamSettings.TLS
    ) {
        switch (certificate, key) {
        case (nil, nil): return
        case (let certificate?, let key?):
            guard IdentityCheck(section: section).check(certificate: certificate, key: key, isServer: false) else {
                return
            }
            settings.certificate = section.context.path(certificate.value)
            settings.key = section.context.path(key.value)
        case (let one?, nil):
            section.context.error(one.mark, "\(section.name("certificate")) needs \(section.name("key"))")
        case (nil, let one?):
            section.context.error(one.mark, "\(section.name("key")) needs \(section.name("certificate"))")
        }
    }
}
