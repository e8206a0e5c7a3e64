//! The token: a JWT verified here, or what the server says of it.

family! { $ token
    /// The token is not a JWS, where only a JWS can be verified (RFC 9068 §2), or is of a kind that the server does not
    /// introspect (RFC 7009 §2.2.1).
    TokenMalformed, "token_malformed", Some(InvalidToken), "The token is not of a kind that is accepted here";
    /// `typ` is not `at+jwt` (RFC 9068 §4).
    TypeWrong, "type_wrong", Some(InvalidToken), "The token is not a JWT access token";
    /// `alg` is `none`, unknown, or not on the list of the guard (RFC 8725 §3.1).
    AlgorithmNotAllowed, "algorithm_not_allowed", Some(InvalidToken),
        "The token is signed with an algorithm that is not accepted here";
    /// The issuer has no key for this `kid` and algorithm (RFC 9068 §4).
    KeyUnknown, "key_unknown", Some(InvalidToken),
        "The token is signed with a key that its issuer does not publish";
    /// The issuer publishes the key of the token, but it is malformed, weak, or disclosed by its publication (RFC 7517 §5).
    KeyInvalid, "key_invalid", Some(InvalidToken), "The token is signed with a key that can not be used here";
    /// The key does not verify the signature (RFC 9068 §4).
    SignatureWrong, "signature_wrong", Some(InvalidToken), "The signature of the token does not verify";
    /// A required claim is absent (RFC 9068 §2.2, RFC 7662 §2.2).
    ClaimMissing, "claim_missing", Some(InvalidToken), "A claim is missing";
    /// A claim is of the wrong type; it is never skipped (RFC 7519 §4.1).
    ClaimMalformed, "claim_malformed", Some(InvalidToken), "A claim is of the wrong type";
    /// `iss` is not the configured issuer, byte for byte (RFC 9068 §4).
    IssuerWrong, "issuer_wrong", Some(InvalidToken), "The token is from another issuer";
    /// `aud` does not name this resource (RFC 9068 §4).
    AudienceWrong, "audience_wrong", Some(InvalidToken), "The token is for another resource";
    /// `exp` has passed (RFC 9068 §4).
    TokenExpired, "token_expired", Some(InvalidToken), "The token has expired";
    /// `nbf` is still ahead (RFC 7519 §4.1.5).
    TokenNotYetValid, "token_not_yet_valid", Some(InvalidToken), "The token is not valid yet";
    /// `iat` is ahead of the clock (RFC 7519 §4.1.6).
    ClockSkewed, "clock_skewed", Some(InvalidToken), "The token was issued in the future";
    /// The token is bound to a key (`cnf.jkt`) and came as a bearer token (RFC 9449 §7.2).
    TokenBound, "token_bound", Some(InvalidToken),
        "The token is bound to a key and can not be used as a bearer token";
    /// The token is of another kind than an access token (RFC 7662 §2.2).
    KindWrong, "kind_wrong", Some(InvalidToken), "The token is not an access token";
    /// The server says that the token is not active (RFC 7662 §2.2).
    TokenInactive, "token_inactive", Some(InvalidToken), "The token is not active";
}
