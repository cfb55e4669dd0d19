import Formats
package import JOSE

/// Why a provider's document (metadata or keys) could not be had.
package enum DocumentProblem: Error, Sendable, Equatable {
    case noAnswer(BackChannelFailure)
    /// Anything but 200; redirects are not followed (D10).
    case status(Int)
    case notJSON
    case metadata(MetadataProblem)
    case keys(JOSEError)
    /// A key set without one usable key (C41).
    case noUsableKey
    /// An endpoint of the copy in use is missing from the new one, which is therefore not taken (D8).
    case vanished([String])

    /// A stable word for logs and metrics.
    package var reason: String {
        switch self {
        case .noAnswer(let failure): failure.reason
        case .status(let status): "status_\(status)"
        case .notJSON: "not_json"
        case .metadata(let problem): problem.reason
        case .keys(let error): error.rawValue
        case .noUsableKey: "no_usable_key"
        case .vanished(let names): "vanished_" + names.joined(separator: "_")
        }
    }
}

extension BackChannelResponse {
    /// The JSON object in a 200 answer.
    func document(alsoAs subtype: String? = nil) throws(DocumentProblem) -> JSONObject {
        guard status == 200 else { throw .status(status) }
        guard mediaType == "application/json" || subtype != nil && mediaType == subtype,
            let value = try? JSONValue(parsing: body), let object = value.object
        else { throw .notJSON }
        return object
    }
}
