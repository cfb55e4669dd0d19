package import Administration
package import Gateway
package import Telemetry

/// Everything a configuration file comes to.
package struct GatewayConfiguration: Sendable {
    package var gateway: GatewaySettings
    /// The second port; nil when it is turned off.
    package var administration: AdministrationSettings?
    package var log: LogSettings
}

/// What came of reading a configuration.
package struct ConfigurationResult: Sendable {
    /// What to run with; nil when a problem is an error.
    package let settings: GatewayConfiguration?
    /// Everything found, errors and warnings, in the order of the file.
    package let problems: [Problem]

    package var errors: [Problem] { problems.filter { $0.severity == .error } }
    package var warnings: [Problem] { problems.filter { $0.severity == .warning } }

    /// A problem as one line: `FILE:LINE:COLUMN: error: …`.
    package func render(_ problem: Problem) -> String { problem.rendered }
}
