//! Sender constraint: whether the sender holds the key that a token is bound to (RFC 9449, RFC 8705).

family! { $ proof
    /// The access token is bound to a key, and came without the proof of it (RFC 9449 §7.1).
    TokenBound, "token_bound", InvalidToken, Suspicious,
        "The access token is bound to a key: it must be sent with the scheme DPoP and a proof";
    /// The access token is not bound to a key, and came with the scheme `DPoP` (RFC 9449 §7.1).
    TokenUnbound, "token_unbound", InvalidToken, Plain,
        "The access token is not bound to a key and can not be used with a proof";
    /// The proof is by another key than the one that the access token is bound to (RFC 9449 §4.3, point 12).
    ProofKeyWrong, "proof_key_wrong", InvalidToken, Suspicious,
        "The access token is bound to another key than the DPoP proof shows";
    /// The code is bound to a key by `dpop_jkt`, and the request does not prove it (RFC 9449 §10).
    CodeKeyMismatch, "code_key_mismatch", InvalidGrant, Suspicious,
        "The code is bound to another key than the request shows";
    /// The refresh token is bound to a key, and the request does not prove it (RFC 9449 §5, RFC 8705 §4).
    RefreshKeyMismatch, "refresh_key_mismatch", InvalidGrant, Suspicious,
        "The refresh token is bound to another key than the request shows";
    /// `dpop_jkt` is not the thumbprint of a key (RFC 9449 §10).
    ProofThumbprintMalformed, "proof_thumbprint_malformed", InvalidRequest, Plain,
        "dpop_jkt must be 43 characters of base64url";
    /// `dpop_jkt` is another key than the proof of the same request shows (RFC 9449 §10.1).
    ProofThumbprintWrong, "proof_thumbprint_wrong", InvalidDpopProof, Plain,
        "dpop_jkt is another key than the DPoP proof shows";
    /// The client registered `dpop_bound_access_tokens`, or the scheme is `DPoP`, and there is no `DPoP` header (RFC 9449
    /// §5.2, §7.1).
    ProofMissing, "proof_missing", InvalidDpopProof, Plain, "A DPoP proof is needed";
    /// The request has more than one `DPoP` header (RFC 9449 §4.3, point 1).
    ProofRepeated, "proof_repeated", InvalidDpopProof, Plain, "More than one DPoP header";
    /// The proof is not a well-formed JWT, is too long, or has a header member that is forbidden (RFC 9449 §4.3, point
    /// 2).
    ProofMalformed, "proof_malformed", InvalidDpopProof, Plain, "The DPoP proof is not a well-formed JWT";
    /// `typ` is not `dpop+jwt` (RFC 9449 §4.3, point 4).
    ProofTypeWrong, "proof_type_wrong", InvalidDpopProof, Plain, "The type of the DPoP proof is not dpop+jwt";
    /// `alg` is `none`, symmetric, unknown, or not on the list (RFC 9449 §4.3, point 5).
    ProofAlgorithmNotAllowed, "proof_algorithm_not_allowed", InvalidDpopProof, Plain,
        "The DPoP proof is signed with an algorithm that is not accepted here";
    /// `jwk` is missing, private, symmetric, invalid, or not for the algorithm (RFC 9449 §4.3, point 7).
    ProofKeyInvalid, "proof_key_invalid", InvalidDpopProof, Plain, "The key in the DPoP proof is not acceptable";
    /// The key inside the proof does not verify the signature (RFC 9449 §4.3, point 6).
    ProofSignatureWrong, "proof_signature_wrong", InvalidDpopProof, Suspicious,
        "The signature of the DPoP proof does not verify";
    /// `jti`, `htm`, `htu`, `iat` or `ath` is absent (RFC 9449 §4.3, point 3).
    ProofClaimMissing, "proof_claim_missing", InvalidDpopProof, Plain, "A claim of the DPoP proof is missing";
    /// A claim of the proof is of the wrong type, or `jti` is empty or too long (RFC 9449 §4.2).
    ProofClaimMalformed, "proof_claim_malformed", InvalidDpopProof, Plain,
        "A claim of the DPoP proof is of the wrong type or too long";
    /// `htm` is not the method of the request (RFC 9449 §4.3, point 8).
    ProofMethodWrong, "proof_method_wrong", InvalidDpopProof, Plain, "The DPoP proof is for another method";
    /// `htu` is not the address of the request below the issuer (RFC 9449 §4.3, point 9).
    ProofTargetWrong, "proof_target_wrong", InvalidDpopProof, Plain, "The DPoP proof is for another address";
    /// `iat` is too long ago (RFC 9449 §4.3, point 11).
    ProofExpired, "proof_expired", InvalidDpopProof, Plain, "The DPoP proof is too old";
    /// `iat` is too far ahead (RFC 9449 §4.3, point 11).
    ProofClockSkewed, "proof_clock_skewed", InvalidDpopProof, Plain, "The DPoP proof was made in the future";
    /// `ath` is not the hash of the token (RFC 9449 §4.3, point 12).
    ProofTokenWrong, "proof_token_wrong", InvalidDpopProof, Suspicious, "The DPoP proof is for another token";
    /// The key used this `jti` before (RFC 9449 §11.1).
    ProofReplayed, "proof_replayed", InvalidDpopProof, Suspicious, "The DPoP proof was used before";
    /// The proof has no nonce, and one is needed (RFC 9449 §8).
    ProofNonceMissing, "proof_nonce_missing", UseDpopNonce, Plain, "The DPoP proof needs a nonce";
    /// The nonce of the proof is not one that this server gave, or is too old (RFC 9449 §8).
    ProofNonceWrong, "proof_nonce_wrong", UseDpopNonce, Plain, "The DPoP proof needs another nonce";
    /// The access token is bound to a certificate and came by a connection without one (RFC 8705 §3).
    CertificateMissing, "certificate_missing", InvalidToken, Plain,
        "The access token is bound to a client certificate, and none came";
    /// The access token is bound to another certificate than that of the connection (RFC 8705 §3).
    CertificateWrong, "certificate_wrong", InvalidToken, Suspicious,
        "The access token is bound to another client certificate";
    /// The client registered `tls_client_certificate_bound_access_tokens`, and the connection has no certificate to bind a
    /// token to (RFC 8705 §3.4).
    BindingCertificateMissing, "binding_certificate_missing", InvalidRequest, Plain,
        "Access tokens of this client are bound to its certificate, and none came";
}
