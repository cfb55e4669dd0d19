import Formats
import HTTPServer

extension ServiceRequest {
    /// The host that the client asked for, lower case and without port; nil when it is none.
    var hostName: String? { URLParts("http://" + host)?.host }
}
