import HTTPServer

extension ServiceRequest {
    /// The parameters of a form body; nil when the body is not a form (RFC 6749, section 3.2).
    var form: Parameters? {
        let types = headers("content-type")
        guard types.count == 1,
            types[0].split(separator: ";").first?.lowercased().filter({ $0 != " " })
                == "application/x-www-form-urlencoded"
        else { return nil }
        return Parameters(parsing: body.span)
    }

    /// The bearer token of the Authorization field (RFC 6750, section 2.1).
    var bearerToken: BearerToken {
        let lines = headers("authorization")
        guard let line = lines.first else { return .absent }
        let words = line.split(separator: " ", maxSplits: 1)
        guard lines.count == 1, words.count == 2, words[0].lowercased() == "bearer",
            words[1].utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return .unreadable }
        return .present(String(words[1]))
    }
}

/// What the Authorization field says.
enum BearerToken: Sendable, Equatable {
    case absent
    /// Another scheme, more than one field, or something that is no token.
    case unreadable
    case present(String)
}
