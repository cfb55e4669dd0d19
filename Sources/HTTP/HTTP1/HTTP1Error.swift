/// Why a message was refused, or why a writer would have broken the framing it announced.
///
/// Refused, never repaired: after any of these the engine reads nothing further and the connection must close
/// (RFC 9112, sections 2.2, 6.3 and 11.2).
package enum HTTP1Error: Error, Equatable, Sendable, CaseIterable {
    // Lines and bytes.
    case bareCarriageReturn
    case bareLineFeed
    case forbiddenByte
    case malformedRequestLine
    case malformedStatusLine
    case unsupportedVersion
    case methodTooLong
    case connectRefused
    case invalidTarget
    case requestLineTooLong

    // Fields.
    case foldedLine
    case emptyFieldName
    case invalidFieldName
    case whitespaceBeforeColon
    case missingColon
    case headerTooLarge
    case tooManyFields
    case repeatedField
    case protectedConnectionOption
    case invalidConnectionOption
    case unknownExpectation

    // Host.
    case missingHost
    case repeatedHost
    case invalidHost

    // Framing.
    case invalidContentLength
    case repeatedContentLength
    case invalidTransferEncoding
    case repeatedTransferEncoding
    case unsupportedTransferCoding
    case transferEncodingInOldVersion
    case conflictingFraming

    // Chunks.
    case invalidChunkSize
    case invalidChunkExtension
    case chunkLineTooLong
    case chunkExtensionsTooLong
    case missingChunkEnd

    // Responses.
    case closedBeforeResponse
    case truncated
    case unexpectedUpgrade

    // Writers.
    case bodyLongerThanAnnounced
    case bodyShorterThanAnnounced

    /// The status with which a server answers such a request.
    package var status: Int {
        switch self {
        case .requestLineTooLong: 414
        case .unknownExpectation: 417
        case .headerTooLarge, .tooManyFields: 431
        case .methodTooLong, .connectRefused, .unsupportedTransferCoding: 501
        case .unsupportedVersion: 505
        case .malformedStatusLine, .closedBeforeResponse, .truncated, .unexpectedUpgrade: 502
        case .bodyLongerThanAnnounced, .bodyShorterThanAnnounced: 500
        default: 400
        }
    }

    /// A stable name for logs, metrics and problem documents.
    package var reasonCode: StaticString {
        switch self {
        case .bareCarriageReturn: "bare_carriage_return"
        case .bareLineFeed: "bare_line_feed"
        case .forbiddenByte: "forbidden_byte"
        case .malformedRequestLine: "malformed_request_line"
        case .malformedStatusLine: "malformed_status_line"
        case .unsupportedVersion: "unsupported_version"
        case .methodTooLong: "method_too_long"
        case .connectRefused: "connect_refused"
        case .invalidTarget: "invalid_target"
        case .requestLineTooLong: "request_line_too_long"
        case .foldedLine: "folded_line"
        case .emptyFieldName: "empty_field_name"
        case .invalidFieldName: "invalid_field_name"
        case .whitespaceBeforeColon: "whitespace_before_colon"
        case .missingColon: "missing_colon"
        case .headerTooLarge: "header_too_large"
        case .tooManyFields: "too_many_fields"
        case .repeatedField: "repeated_field"
        case .protectedConnectionOption: "protected_connection_option"
        case .invalidConnectionOption: "invalid_connection_option"
        case .unknownExpectation: "unknown_expectation"
        case .missingHost: "missing_host"
        case .repeatedHost: "repeated_host"
        case .invalidHost: "invalid_host"
        case .invalidContentLength: "invalid_content_length"
        case .repeatedContentLength: "repeated_content_length"
        case .invalidTransferEncoding: "invalid_transfer_encoding"
        case .repeatedTransferEncoding: "repeated_transfer_encoding"
        case .unsupportedTransferCoding: "unsupported_transfer_coding"
        case .transferEncodingInOldVersion: "transfer_encoding_in_old_version"
        case .conflictingFraming: "conflicting_framing"
        case .invalidChunkSize: "invalid_chunk_size"
        case .invalidChunkExtension: "invalid_chunk_extension"
        case .chunkLineTooLong: "chunk_line_too_long"
        case .chunkExtensionsTooLong: "chunk_extensions_too_long"
        case .missingChunkEnd: "missing_chunk_end"
        case .closedBeforeResponse: "closed_before_response"
        case .truncated: "truncated"
        case .unexpectedUpgrade: "unexpected_upgrade"
        case .bodyLongerThanAnnounced: "body_longer_than_announced"
        case .bodyShorterThanAnnounced: "body_shorter_than_announced"
        }
    }
}
