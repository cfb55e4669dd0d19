package import Formats

/// An answer, whatever its status: redirects are answers too, they are never followed (B2).
package struct FetchResponse: Sendable {
    package let status: Int
    /// Field lines in the order received; names in lower case.
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]
    /// How far outside the connected address is; nil when an egress proxy connected for us.
    package let scope: AddressScope?

    /// The value of a field that came exactly once; `name` in lower case.
    package func header(_ name: String) -> String? {
        let values = headers.filter { $0.name == name }
        return values.count == 1 ? values[0].value : nil
    }
}
