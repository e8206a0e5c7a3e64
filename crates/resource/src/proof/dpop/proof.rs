//! Checks one proof, without I/O: its signature, and that it is for this request, this token and this time (RFC 9449
//! §4.3).

use jose::{
    Claims, JoseError, Possession, SelfSigned, SignatureAlgorithm, Thumbprint, base64url, primitives,
};
use protocol::Timestamp;

use super::replays::ProofId;
use super::target;
use crate::limits::{LEEWAY_SECONDS, PROOF_ID_BYTES_MAX, PROOF_SECONDS};
use crate::reason::Reason;

/// A proof with a verified signature and all required claims.
pub(super) struct Proof {
    shown: Possession,
    jti: String,
    issued: Timestamp,
}

/// What a proof must be for.
pub(super) struct ExpectedProof<'a> {
    pub(super) method: &'a str,
    /// The URL of the request as the client sees it, normalized.
    pub(super) target: &'a str,
    pub(super) token: &'a str,
    pub(super) now: Timestamp,
}

/// Verifies a proof with the key in its header, by one of these algorithms.
pub(super) fn verify(text: &str, allowed: &[SignatureAlgorithm]) -> Result<Proof, Reason> {
    let shown = SelfSigned::parse(text).and_then(|proof| proof.verify(allowed)).map_err(|error| {
        tracing::debug!(%error, "invalid proof");
        reason(&error)
    })?;
    let jti = text_of(shown.claims(), "jti")?;
    if jti.is_empty() || jti.len() > PROOF_ID_BYTES_MAX {
        return Err(Reason::ProofClaimMalformed);
    }
    let jti = jti.to_owned();
    let issued = time(shown.claims(), "iat")?.ok_or(Reason::ProofClaimMissing)?;
    Ok(Proof { shown, jti, issued })
}

impl Proof {
    /// RFC 9449 §4.3, points 8, 9, 11 and 12: method, URL, time and token.
    pub(super) fn judge(&self, expected: &ExpectedProof<'_>) -> Result<(), Reason> {
        let claims = self.shown.claims();
        if text_of(claims, "htm")? != expected.method {
            return Err(Reason::ProofMethodWrong);
        }
        if target::normalized(text_of(claims, "htu")?).as_deref() != Some(expected.target) {
            tracing::debug!(expected = expected.target, "wrong htu");
            return Err(Reason::ProofTargetWrong);
        }
        self.times(expected.now)?;
        let digest = base64url::encode(&primitives::sha256(expected.token.as_bytes()));
        if !primitives::constant_time_eq(text_of(claims, "ath")?.as_bytes(), digest.as_bytes()) {
            return Err(Reason::ProofTokenWrong);
        }
        Ok(())
    }

    /// Its nonce, if any.
    pub(super) fn nonce(&self) -> Result<Option<&str>, Reason> {
        self.shown.claims().string("nonce").map_err(|_| Reason::ProofClaimMalformed)
    }

    /// The key that signed it.
    pub(super) fn key(&self) -> Thumbprint {
        self.shown.thumbprint()
    }

    /// Its identity: the key and the `jti`.
    pub(super) fn id(&self) -> ProofId {
        let key = self.key();
        let digest = primitives::sha256(&[key.as_bytes(), self.jti.as_bytes()].concat());
        ProofId { key, digest }
    }

    /// The time from which no node accepts it any more, even if clocks differ, so that it can be forgotten.
    pub(super) fn remembered_until(&self) -> Timestamp {
        self.issued + PROOF_SECONDS + LEEWAY_SECONDS
    }

    /// `iat` must be within its window. `exp` and `nbf` are not part of a proof, but hold if present (RFC 7519
    /// §4.1.4).
    fn times(&self, now: Timestamp) -> Result<(), Reason> {
        let expires = time(self.shown.claims(), "exp")?;
        if now >= self.issued + PROOF_SECONDS
            || expires.is_some_and(|expires| now >= expires + LEEWAY_SECONDS)
        {
            tracing::debug!(seconds = now.since(self.issued), "the proof is too old");
            return Err(Reason::ProofExpired);
        }
        let starts = time(self.shown.claims(), "nbf")?;
        if self.issued > now + PROOF_SECONDS || starts.is_some_and(|start| start > now + LEEWAY_SECONDS) {
            tracing::debug!(seconds = self.issued.since(now), "the proof is in the future of this clock");
            return Err(Reason::ProofClockSkewed);
        }
        Ok(())
    }
}

/// A claim that a proof must have (RFC 9449 §4.2).
fn text_of<'a>(claims: &'a Claims, name: &str) -> Result<&'a str, Reason> {
    let found = claims.string(name).map_err(|_| Reason::ProofClaimMalformed)?;
    found.ok_or_else(|| {
        tracing::debug!(claim = name, "the proof has no such claim");
        Reason::ProofClaimMissing
    })
}

fn time(claims: &Claims, name: &str) -> Result<Option<Timestamp>, Reason> {
    Ok(claims.time(name).map_err(|_| Reason::ProofClaimMalformed)?.map(Timestamp))
}

fn reason(error: &JoseError) -> Reason {
    match error {
        JoseError::Header("typ") => Reason::ProofTypeWrong,
        JoseError::Algorithm => Reason::ProofAlgorithmNotAllowed,
        JoseError::Header("jwk") | JoseError::Key(_) => Reason::ProofKeyInvalid,
        JoseError::Signature => Reason::ProofSignatureWrong,
        _ => Reason::ProofMalformed,
    }
}
