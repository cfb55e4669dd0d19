import HTTPClient

/// `upstreams`: the applications behind the gateway, by name.
struct UpstreamSection {
    let root: SectionReader

    /// An upstream with the places that later checks point to.
    struct Entry {
        let settings: UpstreamSettings
        /// Where its servers stand.
        let place: Located<Void>
    }

    /// The upstreams that can be used, and the names of all, also of those that cannot.
    func read() -> (entries: [Entry], names: [String]) {
        guard let block = root.section("upstreams") else { return ([], []) }
        let entries = block.namedValues.compactMap { entry in
            _ = block.entry(entry.key)
            checkName(entry)
            return upstream(entry, block)
        }
        return (entries, block.namedValues.map(\.key))
    }

    private func checkName(_ entry: YAMLEntry) {
        let isName = entry.key.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte & 0xDF) || byte == UInt8(ascii: "-")
                || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
        }
        if !isName || entry.key.utf8.count > 64 {
            root.context.error(
                entry.mark, "\(Quoted(entry.key)) is no name for an upstream",
                hint: "letters, digits, -, _ and . (at most 64)")
        }
    }

    private func upstream(_ entry: YAMLEntry, _ block: SectionReader) -> Entry? {
        let path = "upstreams.\(entry.key)"
        switch entry.value.content {
        case .sequence:
            root.context.error(
                entry.value.mark, "\(Quoted(path)) is an address or a block of keys, not a list",
                hint: "servers: [ … ] below it")
            return nil
        case .scalar:
            guard block.value(entry.key) != nil, let text = block.string(entry.value, "\(Quoted(path))"),
                let server = server(text, "\(Quoted(path))")
            else { return nil }
            return Entry(settings: UpstreamSettings(name: entry.key, servers: [server]), place: text.map { _ in })
        case .mapping:
            guard let section = block.section(entry.value, named: path) else { return nil }
            defer { section.finish() }
            var settings = UpstreamSettings(name: entry.key, servers: [])
            section.require("servers", hint: "servers: [ http://127.0.0.1:3000 ]")
            let servers = section.strings("servers")
            settings.servers = (servers?.value ?? []).compactMap { server($0, section.name("servers")) }
            if let servers {
                if servers.value.isEmpty { root.context.error(servers.mark, "\(section.name("servers")) is empty") }
                distinct(servers, section)
            }
            steering(section, &settings)
            timing(section, &settings)
            return settings.servers.isEmpty ? nil : Entry(settings: settings, place: place(servers, section))
        }
    }

    /// A server that stands there twice would get twice its share.
    private func distinct(_ servers: Located<[Located<String>]>, _ section: SectionReader) {
        var seen: Set<UpstreamServer> = []
        for text in servers.value {
            guard let server = UpstreamServer(text.value), !seen.insert(server).inserted else { continue }
            root.context.error(text.mark, "\(section.name("servers")) names \(text.shown) twice")
        }
    }

    private func place(_ servers: Located<[Located<String>]>?, _ section: SectionReader) -> Located<Void> {
        let isSecret = servers?.value.contains(where: \.isSecret) ?? false
        return Located(value: (), mark: servers?.mark ?? section.mark, isSecret: isSecret)
    }

    private func server(_ text: Located<String>, _ name: String) -> UpstreamServer? {
        guard let server = UpstreamServer(text.value) else {
            root.context.error(
                text.mark, "\(name) is no address of a server: \(text.shown)",
                hint: "http://host:port, https://host:port or unix:/path, without a path behind")
            return nil
        }
        return server
    }

    private func steering(_ section: SectionReader, _ settings: inout UpstreamSettings) {
        section.choice("balance", into: &settings.balance)
        UpstreamTLSSection(upstream: section, servers: settings.servers).read(into: &settings.tls)
        section.bool("http2", into: &settings.http2)
        settings.healthCheck = healthCheck(section)
        if let ejection = section.section("ejection") {
            ejection.integer("failures", into: &settings.ejection.failures, in: 0...1000)
            ejection.duration("for", into: &settings.ejection.duration, in: .zero ... .seconds(3600))
            ejection.finish()
        }
        if let queue = section.section("queue") {
            queue.integer("requests", into: &settings.queue.requests, in: 0...1_000_000)
            queue.duration("wait", into: &settings.queue.wait, in: .zero ... .seconds(300))
            queue.finish()
        }
        section.integer("retries", into: &settings.retries, in: 0...1)
        if let list: [Located<UpstreamSettings.Tolerance>] = section.choices("tolerate") {
            settings.tolerate = Set(list.map(\.value))
        }
    }

    private func healthCheck(_ section: SectionReader) -> UpstreamSettings.HealthCheck? {
        guard let check = section.section("health_check", nullable: true) else { return nil }
        var settings = UpstreamSettings.HealthCheck()
        if let path = check.string("path") {
            settings.path = path.value
            let isTarget = path.value.hasPrefix("/") && path.value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
            if !isTarget || path.value.contains("#") {
                root.context.error(
                    path.mark, "\(check.name("path")) is a path of the upstream, not \(path.shown)",
                    hint: "such as /healthz")
            }
        }
        check.duration("interval", into: &settings.interval, in: .milliseconds(100) ... .seconds(3600))
        check.integer("healthy", into: &settings.healthy, in: 1...1000)
        check.integer("unhealthy", into: &settings.unhealthy, in: 1...1000)
        check.finish()
        return settings
    }

    private func timing(_ section: SectionReader, _ settings: inout UpstreamSettings) {
        section.duration("connect_timeout", into: &settings.connectTimeout, in: .milliseconds(10) ... .seconds(300))
        section.duration("response_timeout", into: &settings.responseTimeout, in: .milliseconds(10) ... .seconds(86400))
        section.duration("idle_timeout", into: &settings.idleTimeout, in: .milliseconds(10) ... .seconds(7 * 86400))
        section.integer("keep_alive", into: &settings.keepAlive, in: 0...100_000)
        section.duration("keep_alive_timeout", into: &settings.keepAliveTimeout, in: .zero ... .seconds(86400))
        section.duration("dns_refresh", into: &settings.dnsRefresh, in: .milliseconds(100) ... .seconds(86400))
    }
}
