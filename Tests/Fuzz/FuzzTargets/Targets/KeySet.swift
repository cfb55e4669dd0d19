import Bytes
import Cryptography
import Formats
import JOSE

extension FuzzTarget {
    /// A key set as a provider may send it: broken keys are left out, the others say again what they said.
    static let keySet = FuzzTarget(name: "key-set") { input in
        guard let value = try? JSONValue(parsing: input), let set = try? JSONWebKeySet(parsing: value) else { return }
        require(set.keys.count + set.warnings.count == value["keys"]?.array?.count, "a key is lost")
        for key in set.keys { require((try? JSONWebKey(parsing: .object(key.object))) == key, "a key changes") }
        for algorithm in SignatureAlgorithm.allCases {
            for key in set.candidates(alg: algorithm, kid: nil) {
                require(algorithm.scheme.fits(key.publicKey.parts), "a key of another kind")
                require(key.use == nil || key.use == "sig", "a key for something else")
            }
        }
    }
}
