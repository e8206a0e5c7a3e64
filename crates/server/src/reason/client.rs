//! Client authentication, at every endpoint that requires it.

family! { $ client
    /// There is no client or resource with this `client_id` (RFC 6749 §5.2).
    ClientUnknown, "client_unknown", InvalidClient, Suspicious, "Client authentication failed";
    /// The client or resource was disabled.
    ClientDisabled, "client_disabled", InvalidClient, Plain, "Client authentication failed";
    /// The secret does not match (RFC 6749 §2.3.1).
    ClientSecretWrong, "client_secret_wrong", InvalidClient, Suspicious, "Client authentication failed";
    /// A confidential client sent no credential (RFC 6749 §3.2.1).
    ClientSecretMissing, "client_secret_missing", InvalidClient, Plain, "Client authentication failed";
    /// The client authenticated by another method than the registered one (RFC 7591 §2).
    ClientMethodNotRegistered, "client_method_not_registered", InvalidClient, Plain,
        "Client authentication failed";
    /// A request must not use more than one authentication method (RFC 6749 §2.3).
    ClientMethodRepeated, "client_method_repeated", InvalidRequest, Plain,
        "More than one client authentication method was used";
    /// The `client_id` in the body is not that of the client that authenticated (RFC 6749 §3.2.1).
    ClientIdMismatch, "client_id_mismatch", InvalidRequest, Plain,
        "client_id differs from the authenticated client";
    /// The `Authorization: Basic` header is not the base64 of `id:secret` (RFC 7617 §2).
    BasicMalformed, "basic_malformed", InvalidClient, Plain, "The Authorization header is malformed";
    /// The assertion is not a JWT, is of another type, or has an algorithm that is not allowed (RFC 7523 §3).
    AssertionMalformed, "assertion_malformed", InvalidClient, Plain, "Client authentication failed";
    /// No registered key verifies the assertion (RFC 7523 §3).
    AssertionSignatureWrong, "assertion_signature_wrong", InvalidClient, Suspicious,
        "Client authentication failed";
    /// `iss`, `sub`, `aud` or `jti` is not what RFC 7523 §3 demands.
    AssertionClaimWrong, "assertion_claim_wrong", InvalidClient, Plain, "Client authentication failed";
    /// `exp` has passed, `nbf` has not, or `exp` is too far ahead (RFC 7523 §3).
    AssertionExpired, "assertion_expired", InvalidClient, Plain, "Client authentication failed";
    /// This `jti` was seen before (RFC 7523 §3).
    AssertionReplayed, "assertion_replayed", InvalidClient, Suspicious, "Client authentication failed";
    /// The client's `jwks_uri` could not be fetched (RFC 7591 §2).
    AssertionKeysUnavailable, "assertion_keys_unavailable", InvalidClient, Plain,
        "Client authentication failed";
    /// The client registered that it authenticates by a certificate, and the connection has none (RFC 8705 §2).
    ClientCertificateMissing, "client_certificate_missing", InvalidClient, Plain, "Client authentication failed";
    /// No authority for clients issued the certificate, or it is out of date (RFC 8705 §2.1).
    ClientCertificateUntrusted, "client_certificate_untrusted", InvalidClient, Suspicious,
        "Client authentication failed";
    /// The certificate does not have the registered name, or is none of those registered (RFC 8705 §2.1.2, §2.2.2).
    ClientCertificateMismatch, "client_certificate_mismatch", InvalidClient, Suspicious,
        "Client authentication failed";
    /// The registered certificates could not be read, or fetched from `jwks_uri` (RFC 8705 §2.2.2).
    ClientCertificatesUnavailable, "client_certificates_unavailable", InvalidClient, Plain,
        "Client authentication failed";
    /// This client failed to authenticate too often within a minute.
    ClientFailuresTooMany, "client_failures_too_many", TemporarilyUnavailable, Suspicious,
        "Too many failed authentications; try again in a minute";
}
