//! Whether the sender holds the key of the token: DPoP proofs and client certificates.

family! { $ proof
    /// The token has no `cnf.jkt` and came with the scheme `DPoP` (RFC 9449 §7.1).
    TokenUnbound, "token_unbound", Some(InvalidToken),
        "The token is not bound to a key and can not be used with a proof";
    /// `cnf` is empty, malformed, or holds a member that is unknown here (RFC 7800 §3.1).
    ConfirmationUnknown, "confirmation_unknown", Some(InvalidToken),
        "The token is bound to a key in a way that is not known here";
    /// The token is bound to a certificate and came by a connection without one (RFC 8705 §3).
    CertificateMissing, "certificate_missing", Some(InvalidToken),
        "The token is bound to a client certificate, and none came";
    /// The token is bound to another certificate than that of the connection (RFC 8705 §3).
    CertificateWrong, "certificate_wrong", Some(InvalidToken),
        "The token is bound to another client certificate";
    /// The proof is by another key than `cnf.jkt` (RFC 9449 §4.3, point 12).
    ProofKeyWrong, "proof_key_wrong", Some(InvalidToken),
        "The token is bound to another key than the DPoP proof shows";
    /// The scheme is `DPoP`, and there is no `DPoP` header (RFC 9449 §7.1).
    ProofMissing, "proof_missing", Some(InvalidDpopProof), "A DPoP proof is needed";
    /// The request has more than one `DPoP` header (RFC 9449 §4.3, point 1).
    ProofRepeated, "proof_repeated", Some(InvalidDpopProof), "More than one DPoP header";
    /// The proof is not a well-formed JWT, is too long, or has a header member that is forbidden (RFC 9449 §4.3, point
    /// 2).
    ProofMalformed, "proof_malformed", Some(InvalidDpopProof),
        "The DPoP proof is not a well-formed JWT";
    /// `typ` is not `dpop+jwt` (RFC 9449 §4.3, point 4).
    ProofTypeWrong, "proof_type_wrong", Some(InvalidDpopProof), "The type of the DPoP proof is not dpop+jwt";
    /// `alg` is `none`, symmetric, unknown, or not on the list (RFC 9449 §4.3, point 5).
    ProofAlgorithmNotAllowed, "proof_algorithm_not_allowed", Some(InvalidDpopProof),
        "The DPoP proof is signed with an algorithm that is not accepted here";
    /// `jwk` is missing, private, symmetric, invalid, or not for the algorithm (RFC 9449 §4.3, point 7).
    ProofKeyInvalid, "proof_key_invalid", Some(InvalidDpopProof), "The key in the DPoP proof is not acceptable";
    /// The key inside the proof does not verify the signature (RFC 9449 §4.3, point 6).
    ProofSignatureWrong, "proof_signature_wrong", Some(InvalidDpopProof),
        "The signature of the DPoP proof does not verify";
    /// `jti`, `htm`, `htu`, `iat` or `ath` is absent (RFC 9449 §4.3, point 3).
    ProofClaimMissing, "proof_claim_missing", Some(InvalidDpopProof), "A claim of the DPoP proof is missing";
    /// A claim of the proof is of the wrong type, or `jti` is empty or too long (RFC 9449 §4.2).
    ProofClaimMalformed, "proof_claim_malformed", Some(InvalidDpopProof),
        "A claim of the DPoP proof is of the wrong type or too long";
    /// `htm` is not the method of the request (RFC 9449 §4.3, point 8).
    ProofMethodWrong, "proof_method_wrong", Some(InvalidDpopProof), "The DPoP proof is for another method";
    /// `htu` is not the address of the request (RFC 9449 §4.3, point 9).
    ProofTargetWrong, "proof_target_wrong", Some(InvalidDpopProof), "The DPoP proof is for another address";
    /// `iat` is too long ago (RFC 9449 §4.3, point 11).
    ProofExpired, "proof_expired", Some(InvalidDpopProof), "The DPoP proof is too old";
    /// `iat` is too far ahead (RFC 9449 §4.3, point 11).
    ProofClockSkewed, "proof_clock_skewed", Some(InvalidDpopProof), "The DPoP proof was made in the future";
    /// `ath` is not the hash of the token (RFC 9449 §4.3, point 12).
    ProofTokenWrong, "proof_token_wrong", Some(InvalidDpopProof), "The DPoP proof is for another token";
    /// The key used this `jti` before (RFC 9449 §11.1).
    ProofReplayed, "proof_replayed", Some(InvalidDpopProof), "The DPoP proof was used before";
    /// The proof has no nonce, and one is needed (RFC 9449 §9).
    NonceMissing, "nonce_missing", Some(UseDpopNonce), "The DPoP proof needs a nonce";
    /// The nonce is not one that this API gave, or is too old (RFC 9449 §9).
    NonceWrong, "nonce_wrong", Some(UseDpopNonce), "The DPoP proof needs another nonce";
}
