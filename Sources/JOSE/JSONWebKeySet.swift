internal import Bytes
package import Formats

/// The keys of one issuer (RFC 7517, section 5).
package struct JSONWebKeySet: Sendable, Equatable {
    /// A key that is there and not used.
    package struct Warning: Sendable, Equatable {
        /// Place in `keys`, from 0.
        package let position: Int
        package let kid: String?
        package let problem: JSONWebKeyProblem
    }

    /// The keys that can verify something, in their order.
    package let keys: [JSONWebKey]
    /// The others; one broken key does not break the set (C42).
    package let warnings: [Warning]

    /// More keys than any provider needs (C40).
    package static let limit = 100

    package init(_ keys: [JSONWebKey]) {
        self.keys = keys
        warnings = []
    }

    /// Reads a key set; throws only when it is no key set at all.
    package init(parsing value: JSONValue) throws(JOSEError) {
        guard let entries = value["keys"]?.array else { throw .malformedKeySet }
        guard entries.count <= Self.limit else { throw .tooManyKeys }
        var keys: [JSONWebKey] = []
        var warnings: [Warning] = []
        for (position, entry) in entries.enumerated() {
            do {
                keys.append(try JSONWebKey(parsing: entry))
            } catch {
                warnings.append(Warning(position: position, kid: entry["kid"]?.string, problem: error))
            }
        }
        self.keys = keys
        self.warnings = warnings
    }

    /// The keys that may have made a signature (C8, C9).
    ///
    /// With a `kid`, only keys that carry it: several may, and then the other members decide. Without one, every key that
    /// serves the algorithm.
    package func candidates(alg: SignatureAlgorithm, kid: String?) -> [JSONWebKey] {
        keys.filter { key in
            guard key.serves(alg) else { return false }
            guard let kid else { return true }
            return key.kid?.isExactly(kid) ?? false
        }
    }

    /// The set as JSON.
    package var object: JSONObject { ["keys": .array(keys.map { .object($0.object) })] }
}
