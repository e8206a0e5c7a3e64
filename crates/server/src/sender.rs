//! Sender constraint (RFC 9449, RFC 8705): the keys that the sender of a request proves to hold, and whether they are
//! those that a token is bound to.
//!
//! A request without a `DPoP` header pays for one look at its headers, and nothing here writes: a proof that was accepted
//! is one more [`Remember`] of the request.

use http::{HeaderName, HeaderValue, request::Parts};
use jose::Thumbprint;
use protocol::{
    Confirmation, ErrorCode, TokenType,
    proof::{ExpectedProof, PROOF_ALGORITHMS, Proof, ProofError, normalized},
};

use crate::{
    AuthorizationServer,
    answer::Answer,
    certificate::ClientCertificate,
    clients::AuthenticatedCaller,
    error::Error,
    incoming::{Incoming, PresentedToken, RequestHead as _},
    reason::Reason,
    refusal::Difference,
    registry::RegisteredClient,
    store::{Access, Commit, Remember, Space},
};

/// The header of a proof (RFC 9449 §4.1).
const PROOF: HeaderName = HeaderName::from_static("dpop");
/// The header of a nonce (RFC 9449 §8).
pub(crate) const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// The names of the algorithms of proofs, for the metadata and challenges (RFC 9449 §5.1, §7.1).
pub(crate) fn algorithm_names() -> impl Iterator<Item = &'static str> {
    PROOF_ALGORITHMS.iter().map(|algorithm| algorithm.as_str())
}

/// What the tokens of this token request are bound to (RFC 9449 §5). The proof joins what the request remembers.
///
/// # Errors
/// Those of the proof; they use up neither the proof nor the assertion of the client, which may be sent again with a nonce.
pub(crate) fn of_token_request(
    server: &AuthorizationServer,
    incoming: &Incoming,
    caller: &mut AuthenticatedCaller,
) -> Result<Option<Box<Confirmation>>, Reason> {
    let head = &incoming.head;
    let jkt = match head.headers.contains_key(PROOF) {
        true => Some(shown(server, head, &mut caller.remember)?),
        false => None,
    };
    let client = caller.client.as_ref();
    if jkt.is_none() && client.is_some_and(|client| client.metadata.dpop_bound_access_tokens == Some(true)) {
        return Err(head.differs(Reason::ProofMissing, || Some(Difference::absent("DPoP", "a proof"))));
    }
    let is_bound =
        |client: &RegisteredClient| client.metadata.tls_client_certificate_bound_access_tokens == Some(true);
    let x5t_s256 = match client.is_some_and(|client| is_bound(client)) {
        true => Some(certificate(head).ok_or(Reason::BindingCertificateMissing)?),
        false => None,
    };
    Ok(Confirmation::of(jkt, x5t_s256).map(Box::new))
}

/// The certificate of the connection.
fn certificate(head: &Parts) -> Option<Thumbprint> {
    head.extensions.get::<ClientCertificate>().map(ClientCertificate::thumbprint)
}

/// The key that the sender of a pushed request proves to hold, if it sends a proof (RFC 9449 §10.1). The proof joins what the
/// request remembers.
///
/// # Errors
/// As for [`of_token_request`].
pub(crate) fn of_pushed_request(
    server: &AuthorizationServer,
    incoming: &Incoming,
    caller: &mut AuthenticatedCaller,
) -> Result<Option<Thumbprint>, Reason> {
    match incoming.headers().contains_key(PROOF) {
        true => shown(server, &incoming.head, &mut caller.remember).map(Some),
        false => Ok(None),
    }
}

/// The key that must redeem the code of an authorization request: the one that it names as `dpop_jkt` (RFC 9449 §10), or the
/// one of the proof that it was pushed with (§10.1).
///
/// # Errors
/// [`Reason::ProofThumbprintMalformed`], and [`Reason::ProofThumbprintWrong`] where both are there and differ.
pub(crate) fn key_of_code(
    named: Option<&str>,
    proven: Option<Thumbprint>,
) -> Result<Option<Thumbprint>, Reason> {
    let named =
        named.map(|text| Thumbprint::parse(text).ok_or(Reason::ProofThumbprintMalformed)).transpose()?;
    match (named, proven) {
        (Some(named), Some(proven)) if !named.is(&proven) => Err(Reason::ProofThumbprintWrong),
        (named, proven) => Ok(named.or(proven)),
    }
}

/// The key of the proof of a request without an access token.
fn shown(
    server: &AuthorizationServer,
    head: &Parts,
    remember: &mut Vec<Remember>,
) -> Result<Thumbprint, Reason> {
    let targets = below(server, head.uri.path());
    let proof = verified(server, head, &targets, None)?;
    remember.push(seen(&proof));
    Ok(proof.key())
}

/// Whether the sender of a request may use this access token, which came with this scheme (RFC 9449 §7.1): an unbound one
/// is for whoever bears it, and a bound one for the holder of its key alone.
pub(crate) async fn confirm(
    server: &AuthorizationServer,
    head: &Parts,
    presented: &PresentedToken<'_>,
    access: &Access,
) -> Result<(), Error> {
    let confirmation = access.confirmation.as_deref();
    if let Some(expected) = confirmation.and_then(|confirmation| confirmation.x5t_s256) {
        // Before the proof, which is used up.
        match certificate(head) {
            None => return Err(Reason::CertificateMissing.into()),
            Some(shown) if !shown.is(&expected) => return Err(Reason::CertificateWrong.into()),
            Some(_) => {}
        }
    }
    let jkt = confirmation.and_then(|confirmation| confirmation.jkt);
    match (presented.scheme == TokenType::Bearer, jkt) {
        (true, None) => Ok(()),
        (true, Some(_)) => {
            let bound =
                || Some(Difference::new("Authorization", "a bound token as Bearer", "DPoP, and a proof"));
            Err(head.differs(Reason::TokenBound, bound).into())
        }
        (false, None) => Err(Reason::TokenUnbound.into()),
        (false, Some(key)) => Box::pin(prove(server, head, presented.token, key)).await,
    }
}

/// The URLs of a path of this server: below the issuer, and below the URL where it asks for certificates (RFC 8705 §5).
fn below(server: &AuthorizationServer, path: &str) -> Vec<String> {
    let settings = server.settings();
    let alias = settings.mutual_tls.as_ref().and_then(|mutual| mutual.url.as_ref());
    let alias = alias.map(|url| format!("{url}{path}"));
    [settings.url(path)].into_iter().chain(alias).collect()
}

/// Checks the proof of a request with an access token, which is used up by that.
async fn prove(
    server: &AuthorizationServer,
    head: &Parts,
    token: &str,
    key: Thumbprint,
) -> Result<(), Error> {
    let (settings, path) = (server.settings(), head.uri.path());
    let mut targets = below(server, path);
    // A route of the host is below the issuer, or beside it at the same origin.
    targets.extend(protocol::uri::origin(settings.issuer.as_str()).map(|origin| origin + path));
    let proof = verified(server, head, &targets, Some(token))?;
    if !proof.key().is(&key) {
        let other = || Some(Difference::new("DPoP", format_args!("a proof by {}", proof.key()), key));
        return Err(head.differs(Reason::ProofKeyWrong, other).into());
    }
    let commit = Commit::new(server.now()).with(seen(&proof));
    match server.store().commit(commit).await? {
        Ok(_) => Ok(()),
        Err(_) => Err(Reason::ProofReplayed.into()),
    }
}

/// The one proof of a request, for this request (RFC 9449 §4.3), with a nonce where that is required (§8).
fn verified(
    server: &AuthorizationServer,
    head: &Parts,
    targets: &[String],
    token: Option<&str>,
) -> Result<Proof, Reason> {
    let refused = |error: ProofError| {
        let text = || Some(Difference::new("DPoP", error, expectation(error, head, targets)));
        head.differs(reason(error), text)
    };
    let now = server.now();
    let proof = Proof::verify(header(head)?, &PROOF_ALGORITHMS).map_err(refused)?;
    let targets: Vec<String> = targets.iter().filter_map(|target| normalized(target)).collect();
    let expected = ExpectedProof { method: head.method.as_str(), targets: &targets, token, now };
    proof.judge(&expected).map_err(refused)?;
    if server.settings().require_dpop_nonce {
        let nonces = server.master().dpop_nonces();
        proof.nonce().and_then(|nonce| nonces.judge(nonce, now)).map_err(refused)?;
    }
    Ok(proof)
}

/// What a proof should have been, for the log.
fn expectation(error: ProofError, head: &Parts, targets: &[String]) -> String {
    match error {
        ProofError::MethodWrong => head.method.to_string(),
        ProofError::TargetWrong => targets.join(" or "),
        ProofError::Expired(_) | ProofError::ClockSkewed(_) => "a proof of this minute".to_owned(),
        ProofError::NonceMissing | ProofError::NonceWrong => "the nonce of DPoP-Nonce".to_owned(),
        _ => "a proof as RFC 9449 requires".to_owned(),
    }
}

/// The one `DPoP` header (RFC 9449 §4.3, point 1).
fn header(head: &Parts) -> Result<&str, Reason> {
    let mut headers = head.headers.get_all(PROOF).iter();
    let header = headers.next().ok_or(Reason::ProofMissing)?;
    if headers.next().is_some() {
        return Err(Reason::ProofRepeated);
    }
    header.to_str().map_err(|_| Reason::ProofMalformed)
}

/// A proof is accepted once (RFC 9449 §11.1).
fn seen(proof: &Proof) -> Remember {
    Remember {
        space: Space::DpopProof,
        key: jose::base64url::encode(&proof.id().digest).into(),
        until: proof.remembered_until(),
        replayed: Reason::ProofReplayed,
    }
}

/// The nonce for the answer to a proof that needs one (RFC 9449 §9).
pub(crate) fn nonce(server: &AuthorizationServer, error: &Error) -> Option<HeaderValue> {
    let Error::Refused(reason) = error else { return None };
    if reason.code() != ErrorCode::UseDpopNonce {
        return None;
    }
    HeaderValue::from_str(&server.master().dpop_nonces().fresh(server.now())).ok()
}

/// The answer to a request with a proof brings a nonce, where proofs need one (RFC 9449 §8.2).
pub(crate) fn with_nonce(server: &AuthorizationServer, head: &Parts, mut answer: Answer) -> Answer {
    if server.settings().require_dpop_nonce && head.headers.contains_key(PROOF) {
        let nonce = server.master().dpop_nonces().fresh(server.now());
        if let Ok(nonce) = HeaderValue::from_str(&nonce) {
            answer.headers_mut().insert(NONCE, nonce);
        }
    }
    answer
}

fn reason(error: ProofError) -> Reason {
    match error {
        ProofError::Malformed => Reason::ProofMalformed,
        ProofError::TypeWrong => Reason::ProofTypeWrong,
        ProofError::AlgorithmNotAllowed => Reason::ProofAlgorithmNotAllowed,
        ProofError::KeyInvalid => Reason::ProofKeyInvalid,
        ProofError::SignatureWrong => Reason::ProofSignatureWrong,
        ProofError::ClaimMissing(_) => Reason::ProofClaimMissing,
        ProofError::ClaimMalformed(_) => Reason::ProofClaimMalformed,
        ProofError::MethodWrong => Reason::ProofMethodWrong,
        ProofError::TargetWrong => Reason::ProofTargetWrong,
        ProofError::Expired(_) => Reason::ProofExpired,
        ProofError::ClockSkewed(_) => Reason::ProofClockSkewed,
        ProofError::TokenWrong => Reason::ProofTokenWrong,
        ProofError::NonceMissing => Reason::ProofNonceMissing,
        ProofError::NonceWrong => Reason::ProofNonceWrong,
    }
}
