import TLS

/// A certificate and its key, as they lie on the disk: what they are used for would fail later, and without a line number.
struct IdentityCheck {
    let section: SectionReader

    /// Reports what is wrong with the files; true when they can be used.
    ///
    /// - Parameter isServer: they are shown to clients, so that they must be strong enough for them.
    func check(certificate: Located<String>, key: Located<String>, isServer: Bool) -> Bool {
        let chain = read(certificate, "certificate")
        let secret = read(key, "key")
        if secret != nil { warnIfOpen(key) }
        guard let chain, let secret else { return false }
        do throws(TLSSetupError) {
            let identity = try TLSIdentity(certificate: chain, key: secret)
            if isServer {
                _ = try TLSServerContext([identity], tickets: TicketKeys())
            } else {
                _ = try TLSClientContext(identity: identity, verifies: false)
            }
            warnOfTime(identity, certificate)
            return true
        } catch {
            let (text, name) = error.isAboutKey ? (key, "key") : (certificate, "certificate")
            section.context.error(
                text.mark, "\(section.name(name)): the file \(text.shown(path(text))) \(error.text)", hint: hint(error))
            return false
        }
    }

    private func hint(_ error: TLSSetupError) -> String? {
        switch error {
        case .keyMismatch: "the certificate comes first in its file, then those that lead to its authority"
        case .encryptedKey: "openssl pkey -in FILE -out FILE writes it without"
        default: nil
        }
    }

    private func read(_ text: Located<String>, _ name: String) -> [UInt8]? {
        do throws(ConfigurationFileError) {
            return try section.context.files.read(path(text))
        } catch {
            section.context.error(
                text.mark,
                "\(section.name(name)): the file \(text.shown(path(text))) cannot be read: \(error.reason)")
            return nil
        }
    }

    private func warnIfOpen(_ key: Located<String>) {
        guard let mode = section.context.files.mode(path(key)), mode & 0o004 != 0 else { return }
        section.context.warn(
            key.mark, "\(section.name("key")): every user of this machine may read \(key.shown(path(key)))",
            hint: "chmod o-r, or 0600")
    }

    private func warnOfTime(_ identity: TLSIdentity, _ certificate: Located<String>) {
        let now = section.context.now
        guard !identity.validity.contains(now) else { return }
        let what = now < identity.validity.lowerBound ? "is not valid yet" : "has expired"
        section.context.warn(
            certificate.mark,
            "\(section.name("certificate")): the certificate in \(certificate.shown(path(certificate))) \(what)",
            hint: "whoever checks it refuses the connection")
    }

    private func path(_ text: Located<String>) -> String { section.context.path(text.value) }
}
