/// The version of this program.
package enum GatewayVersion {
    package static let text = "0.1.0"
}
