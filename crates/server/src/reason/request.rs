//! Parameters and framing, at every endpoint.

family! { $ request
    /// Malformed percent-encoding, UTF-8 or NUL (RFC 6749 Appendix B).
    BodyMalformed, "body_malformed", InvalidRequest, Plain,
        "The parameters are not valid percent-encoded UTF-8, or contain a NUL";
    /// The request exceeds a limit of `protocol::limits`.
    BodyTooLarge, "body_too_large", InvalidRequest, Plain, "The request is larger than this server reads";
    /// The body is not `application/x-www-form-urlencoded` (RFC 6749 §3.2).
    BodyTypeWrong, "body_type_wrong", InvalidRequest, Plain,
        "The body must be sent as application/x-www-form-urlencoded";
    /// The body ended before it was complete (RFC 9112 §8).
    BodyUnreadable, "body_unreadable", InvalidRequest, Plain, "The body could not be read to its end";
    /// This endpoint does not take the method (RFC 9110 §15.5.6).
    MethodNotAllowed, "method_not_allowed", InvalidRequest, Plain, "The method is not allowed here";
    /// Parameters must not be included more than once (RFC 6749 §3.1).
    ParameterRepeated, "parameter_repeated", InvalidRequest, Plain, "A parameter is included more than once";
    /// A required parameter is absent or empty (RFC 6749 §5.2).
    ParameterMissing(name: &'static str), "parameter_missing", InvalidRequest, Plain, request::missing(name);
    /// A parameter exceeds a limit of `protocol::limits`.
    ParameterTooLong(name: &'static str), "parameter_too_long", InvalidRequest, Plain, request::too_long(name);
}

pub(super) const fn missing(name: &str) -> &'static str {
    match name.as_bytes() {
        b"client_id" => "The parameter client_id is missing",
        b"code" => "The parameter code is missing",
        b"grant_type" => "The parameter grant_type is missing",
        b"redirect_uri" => "The parameter redirect_uri is missing",
        b"refresh_token" => "The parameter refresh_token is missing",
        b"token" => "The parameter token is missing",
        b"username" => "The parameter username is missing",
        _ => "A required parameter is missing",
    }
}

pub(super) const fn too_long(name: &str) -> &'static str {
    match name.as_bytes() {
        b"state" => "The parameter state is too long",
        b"nonce" => "The parameter nonce is too long",
        _ => "A parameter is too long",
    }
}
