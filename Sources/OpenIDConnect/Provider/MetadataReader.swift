import Formats

/// Reads members of a discovery document by type.
///
/// Unknown members are ignored; those that are read must be right (D4, D7).
struct MetadataReader {
    let document: JSONObject
    let address: ProviderAddress

    /// A member; null counts as absent.
    private func member(_ name: String) -> JSONValue? {
        document[name].flatMap { $0.isNull ? nil : $0 }
    }

    func endpoint(_ name: String) throws(MetadataProblem) -> String? {
        guard let value = member(name) else { return nil }
        guard let url = value.string else { throw .wrongType(name) }
        if let problem = address.objection(to: url) { throw .endpoint(name, problem) }
        return url
    }

    func requiredEndpoint(_ name: String) throws(MetadataProblem) -> String {
        guard let url = try endpoint(name) else { throw .missing(name) }
        return url
    }

    /// Its query is kept and added to, so it must not hold what a request will (A5, A6).
    func authorizationEndpoint() throws(MetadataProblem) -> String {
        let name = "authorization_endpoint"
        let url = try requiredEndpoint(name)
        guard let query = URLParts(url)?.query else { return url }
        let pairs = try? FormEncoding.parse(query.utf8Span.span)
        guard let pairs, !pairs.contains(where: { RequestParameters.isReserved($0.name) }) else {
            throw .endpoint(name, .reservedParameter)
        }
        return url
    }

    /// A list of strings; an empty one counts as absent (D7).
    func strings(_ name: String) throws(MetadataProblem) -> [String]? {
        guard let value = member(name) else { return nil }
        guard let list = value.array else { throw .wrongType(name) }
        let texts = list.compactMap(\.string)
        guard texts.count == list.count else { throw .wrongType(name) }
        return texts.isEmpty ? nil : texts
    }

    func flag(_ name: String) throws(MetadataProblem) -> Bool {
        guard let value = member(name) else { return false }
        guard let flag = value.bool else { throw .wrongType(name) }
        return flag
    }

    /// What the provider says against what was configured: contradictions are errors, never silent downgrades (D12).
    func judge(
        against settings: ProviderSettings, offering: (challenges: [String]?, authentication: [String])
    ) throws(MetadataProblem) {
        guard let types = try strings("response_types_supported") else { throw .missing("response_types_supported") }
        guard types.contains("code") else { throw .noCodeFlow }
        if let grants = try strings("grant_types_supported"), !grants.contains("authorization_code") {
            throw .noCodeFlow
        }
        if let challenges = offering.challenges, !challenges.contains("S256") { throw .noS256 }
        if let signing = try strings("id_token_signing_alg_values_supported"),
            !settings.algorithms.contains(where: { signing.contains($0.rawValue) })
        {
            throw .noCommonAlgorithm
        }
        if try flag("require_pushed_authorization_requests") { throw .pushedAuthorizationRequired }
        if settings.responseMode != .query, let modes = try strings("response_modes_supported"),
            !modes.contains(settings.responseMode.rawValue)
        {
            throw .responseModeUnsupported
        }
        // A method that somebody wrote down is believed over the document; a guess of ours is not (B7).
        if settings.clientAuthentication == .auto, settings.clientSecret != nil,
            !offering.authentication.contains(settings.effectiveClientAuthentication.rawValue)
        {
            throw .clientAuthenticationUnsupported(offered: offering.authentication)
        }
        if settings.userinfo == .always, try endpoint("userinfo_endpoint") == nil { throw .noUserinfoEndpoint }
    }
}
