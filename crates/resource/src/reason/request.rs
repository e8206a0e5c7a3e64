//! The request: whether it has a token where one belongs.

family! { $ request
    /// The request has no token: the challenge says so without an error code (RFC 6750 §3.1).
    TokenMissing, "token_missing", None, "An access token is needed";
    /// `Authorization` has a scheme that is not accepted here, which counts as no token (RFC 6750 §3.1).
    SchemeUnsupported, "scheme_unsupported", None, "An access token of another scheme is needed";
    /// The request has more than one `Authorization` header (RFC 6750 §3.1).
    HeaderRepeated, "header_repeated", Some(InvalidRequest), "More than one Authorization header";
    /// The scheme stands without a token, or with one outside of the grammar (RFC 6750 §2.1).
    HeaderMalformed, "header_malformed", Some(InvalidRequest), "The Authorization header holds no access token";
    /// A token is in the header and another in the query, or two are in the query (RFC 6750 §2).
    TokenRepeated, "token_repeated", Some(InvalidRequest), "An access token came more than once";
    /// The token is longer than `limits::TOKEN_BYTES_MAX`.
    TokenTooLong, "token_too_long", Some(InvalidToken), "The token is too long";
    /// A message to an MCP server is not JSON-RPC, is encoded, or is longer than `limits::MCP_MESSAGE_BYTES_MAX`, so
    /// that which tool it calls is unknown.
    MessageUnreadable, "message_unreadable", Some(InvalidRequest),
        "The body is not a readable JSON-RPC message";
}
