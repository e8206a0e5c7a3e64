//! Checks one DPoP proof, without I/O: its signature, and that it is for this request, this token and this time (RFC 9449
//! §4.3).

use std::fmt;

use jose::{
    Claims, JoseError, Possession, SelfSigned, SignatureAlgorithm, Thumbprint, base64url, primitives,
};

use super::target::normalized;
use crate::{
    limits::{CLOCK_SKEW_SECONDS, PROOF_ID_BYTES_MAX, PROOF_SECONDS},
    time::Timestamp,
};

/// The algorithms of proofs that are accepted by default: one or two for each kind of key, none with SHA-1 or a shared
/// secret.
pub const PROOF_ALGORITHMS: [SignatureAlgorithm; 4] = [
    SignatureAlgorithm::Es256,
    SignatureAlgorithm::EdDsa,
    SignatureAlgorithm::Ps256,
    SignatureAlgorithm::Rs256,
];

/// A proof with a verified signature and all required claims.
#[derive(Clone, Debug)]
pub struct Proof {
    shown: Possession,
    jti: String,
    issued: Timestamp,
}

/// What a proof must be for.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedProof<'a> {
    /// The method of the request.
    pub method: &'a str,
    /// The URLs under which the client may know the target of the request, [normalized]: one, or more where the server
    /// is reachable under several.
    pub targets: &'a [String],
    /// The access token of the request; a token request has none.
    pub token: Option<&'a str>,
    /// When it was received.
    pub now: Timestamp,
}

/// The identity of a proof, by which a replay is noticed (RFC 9449 §11.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProofId {
    /// The key that signed it, to limit how many proofs of one sender are remembered.
    pub key: Thumbprint,
    /// SHA-256 of the key's thumbprint and `jti`: always 32 bytes.
    pub digest: [u8; 32],
}

/// Which rule a proof breaks. Its text is for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofError {
    /// It is not a well-formed JWT, is too long, or has a header member that is forbidden (RFC 9449 §4.3, point 2).
    Malformed,
    /// `typ` is not `dpop+jwt` (point 4).
    TypeWrong,
    /// `alg` is `none`, symmetric, unknown, or not accepted (point 5).
    AlgorithmNotAllowed,
    /// `jwk` is missing, private, symmetric, invalid, or not for the algorithm (points 5 and 7).
    KeyInvalid,
    /// The key does not verify the signature (point 6).
    SignatureWrong,
    /// A required claim is absent (point 3).
    ClaimMissing(&'static str),
    /// A claim is of the wrong type, or `jti` is empty or too long (RFC 9449 §4.2).
    ClaimMalformed(&'static str),
    /// `htm` is not the method of the request (point 8).
    MethodWrong,
    /// `htu` is not the address of the request (point 9).
    TargetWrong,
    /// `iat` is this many seconds ago, which is too long, or `exp` has passed (point 11).
    Expired(i64),
    /// `iat` is this many seconds ahead, which is too far, or `nbf` is (point 11).
    ClockSkewed(i64),
    /// `ath` is not the hash of the token (point 12).
    TokenWrong,
    /// It has no nonce, and one is required (point 10).
    NonceMissing,
    /// Its nonce was not made here, or is too old (point 10).
    NonceWrong,
}

impl fmt::Display for ProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("not a well-formed JWT"),
            Self::TypeWrong => f.write_str("typ is not dpop+jwt"),
            Self::AlgorithmNotAllowed => f.write_str("an algorithm that is not accepted"),
            Self::KeyInvalid => f.write_str("jwk is not an acceptable public key"),
            Self::SignatureWrong => f.write_str("the signature does not verify"),
            Self::ClaimMissing(name) => write!(f, "{name} is missing"),
            Self::ClaimMalformed(name) => write!(f, "{name} is of the wrong type, empty or too long"),
            Self::MethodWrong => f.write_str("htm is another method"),
            Self::TargetWrong => f.write_str("htu is another URL"),
            Self::Expired(seconds) => write!(f, "made {seconds} s ago"),
            Self::ClockSkewed(seconds) => write!(f, "made {seconds} s ahead"),
            Self::TokenWrong => f.write_str("ath is not the hash of the token"),
            Self::NonceMissing => f.write_str("without a nonce"),
            Self::NonceWrong => f.write_str("with a nonce that is unknown or too old"),
        }
    }
}

impl std::error::Error for ProofError {}

impl Proof {
    /// Verifies a proof with the key in its header, by one of these algorithms.
    ///
    /// # Errors
    /// [`ProofError`], for points 2 to 7 of RFC 9449 §4.3.
    pub fn verify(text: &str, allowed: &[SignatureAlgorithm]) -> Result<Self, ProofError> {
        let shown =
            SelfSigned::parse(text).and_then(|proof| proof.verify(allowed)).map_err(|error| of(&error))?;
        let jti = text_of(shown.claims(), "jti")?;
        if jti.is_empty() || jti.len() > PROOF_ID_BYTES_MAX {
            return Err(ProofError::ClaimMalformed("jti"));
        }
        let jti = jti.to_owned();
        let issued = time(shown.claims(), "iat")?.ok_or(ProofError::ClaimMissing("iat"))?;
        Ok(Self { shown, jti, issued })
    }

    /// Whether it is for this request: method, URL, time and token (RFC 9449 §4.3, points 8, 9, 11 and 12).
    ///
    /// # Errors
    /// [`ProofError`]
    pub fn judge(&self, expected: &ExpectedProof<'_>) -> Result<(), ProofError> {
        let claims = self.shown.claims();
        if text_of(claims, "htm")? != expected.method {
            return Err(ProofError::MethodWrong);
        }
        let target = normalized(text_of(claims, "htu")?);
        if !target.is_some_and(|target| expected.targets.contains(&target)) {
            return Err(ProofError::TargetWrong);
        }
        self.times(expected.now)?;
        let Some(token) = expected.token else { return Ok(()) };
        let digest = base64url::encode(&primitives::sha256(token.as_bytes()));
        if !primitives::constant_time_eq(text_of(claims, "ath")?.as_bytes(), digest.as_bytes()) {
            return Err(ProofError::TokenWrong);
        }
        Ok(())
    }

    /// Its nonce, if any.
    ///
    /// # Errors
    /// [`ProofError::ClaimMalformed`]
    pub fn nonce(&self) -> Result<Option<&str>, ProofError> {
        self.shown.claims().string("nonce").map_err(|_| ProofError::ClaimMalformed("nonce"))
    }

    /// The key that signed it.
    pub fn key(&self) -> Thumbprint {
        self.shown.thumbprint()
    }

    /// Its identity: the key and the `jti`.
    pub fn id(&self) -> ProofId {
        let key = self.key();
        let digest = primitives::sha256(&[key.as_bytes(), self.jti.as_bytes()].concat());
        ProofId { key, digest }
    }

    /// The time from which no node accepts it any more, even if clocks differ, so that it can be forgotten.
    pub fn remembered_until(&self) -> Timestamp {
        self.issued + PROOF_SECONDS + CLOCK_SKEW_SECONDS
    }

    /// `iat` must be within its window. `exp` and `nbf` are not part of a proof, but hold if present (RFC 7519
    /// §4.1.4).
    fn times(&self, now: Timestamp) -> Result<(), ProofError> {
        let expires = time(self.shown.claims(), "exp")?;
        if now >= self.issued + PROOF_SECONDS
            || expires.is_some_and(|expires| now >= expires + CLOCK_SKEW_SECONDS)
        {
            return Err(ProofError::Expired(now.since(self.issued)));
        }
        let starts = time(self.shown.claims(), "nbf")?;
        if self.issued > now + PROOF_SECONDS || starts.is_some_and(|start| start > now + CLOCK_SKEW_SECONDS) {
            return Err(ProofError::ClockSkewed(self.issued.since(now)));
        }
        Ok(())
    }
}

/// A claim that a proof must have (RFC 9449 §4.2).
fn text_of<'a>(claims: &'a Claims, name: &'static str) -> Result<&'a str, ProofError> {
    let found = claims.string(name).map_err(|_| ProofError::ClaimMalformed(name))?;
    found.ok_or(ProofError::ClaimMissing(name))
}

fn time(claims: &Claims, name: &'static str) -> Result<Option<Timestamp>, ProofError> {
    Ok(claims.time(name).map_err(|_| ProofError::ClaimMalformed(name))?.map(Timestamp))
}

fn of(error: &JoseError) -> ProofError {
    match error {
        JoseError::Header("typ") => ProofError::TypeWrong,
        JoseError::Algorithm => ProofError::AlgorithmNotAllowed,
        JoseError::Header("jwk") | JoseError::Key(_) => ProofError::KeyInvalid,
        JoseError::Signature => ProofError::SignatureWrong,
        _ => ProofError::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use jose::SigningKey;
    use serde_json::{Value, json};

    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000);
    const TARGET: &str = "https://id.example/token";

    /// The verdict on a proof with these claims changed, for a request with or without a token.
    fn verdict(changes: &[(&str, Value)], token: Option<&str>) -> Result<(), ProofError> {
        let mut claims = json!({ "jti": "1", "htm": "POST", "htu": TARGET, "iat": NOW.0 });
        if let Some(token) = token {
            claims["ath"] = base64url::encode(&primitives::sha256(token.as_bytes())).into();
        }
        for (name, value) in changes {
            claims[*name] = value.clone();
        }
        claims.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        let key = SigningKey::generate(SignatureAlgorithm::Es256).expect("a key");
        let text = SelfSigned::sign(claims.to_string().as_bytes(), &key).expect("signs");
        let proof = Proof::verify(&text, &PROOF_ALGORITHMS)?;
        let targets = [TARGET.to_owned(), "https://mtls.id.example/token".to_owned()];
        proof.judge(&ExpectedProof { method: "POST", targets: &targets, token, now: NOW })
    }

    /// RFC 9449 §4.3, points 3, 8, 9, 11 and 12
    #[test]
    fn a_proof_is_for_one_method_url_time_and_token() {
        assert_eq!(verdict(&[], None), Ok(()));
        assert_eq!(verdict(&[], Some("t")), Ok(()));
        let (expired, ahead) = (ProofError::Expired(60), ProofError::ClockSkewed(61));
        for (name, value, expected) in [
            ("htu", json!("https://mtls.id.example/token"), Ok(())),
            ("htu", json!("HTTPS://ID.example:443/token?x#y"), Ok(())),
            ("htu", json!("https://id.example/par"), Err(ProofError::TargetWrong)),
            ("htu", Value::Null, Err(ProofError::ClaimMissing("htu"))),
            ("htm", json!("GET"), Err(ProofError::MethodWrong)),
            ("htm", json!("post"), Err(ProofError::MethodWrong)),
            ("htm", json!(1), Err(ProofError::ClaimMalformed("htm"))),
            ("jti", json!(""), Err(ProofError::ClaimMalformed("jti"))),
            ("jti", Value::Null, Err(ProofError::ClaimMissing("jti"))),
            ("iat", json!(NOW.0 - 59), Ok(())),
            ("iat", json!(NOW.0 - 60), Err(expired)),
            ("iat", json!(NOW.0 + 60), Ok(())),
            ("iat", json!(NOW.0 + 61), Err(ahead)),
            ("iat", Value::Null, Err(ProofError::ClaimMissing("iat"))),
            ("exp", json!(NOW.0 - 30), Err(ProofError::Expired(0))),
            ("nbf", json!(NOW.0 + 31), Err(ProofError::ClockSkewed(0))),
            ("ath", json!("x"), Err(ProofError::TokenWrong)),
            ("ath", Value::Null, Err(ProofError::ClaimMissing("ath"))),
        ] {
            assert_eq!(verdict(&[(name, value.clone())], Some("t")), expected, "{name} {value}");
        }
        // A token request has no token yet, and what else a proof says of one does not matter.
        assert_eq!(verdict(&[("ath", json!("x"))], None), Ok(()));
    }
}
