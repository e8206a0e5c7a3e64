//! The form of an introspection answer: plain, signed, or signed and encrypted (RFC 9701).

use http::{HeaderMap, HeaderValue, header};
use jose::{SignatureAlgorithm, jws};
use protocol::ClientId;
use serde::Serialize;

use super::wire::Wire;
use crate::{
    AuthorizationServer,
    answer::{self, Answer},
    clients::AuthenticatedCaller,
    error::{Error, Fault},
    reason::Reason,
    registry::RegisteredResource,
    tokens::recipient::{Encryption, Recipient, not_served},
};

/// The media type of RFC 9701 §4, without `application/`: also the JWT's `typ`.
const TYPE: &str = "token-introspection+jwt";
const MEDIA_TYPE: &str = "application/token-introspection+jwt";

/// The form that the caller requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Envelope {
    Json,
    Jwt,
}

/// The claims of the envelope (RFC 9701 §5): no top-level `sub` or `exp`, so that it is not mistaken for a token.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    iat: i64,
    token_introspection: &'a Wire,
}

/// Reads `Accept`. A resource that registered encryption gets no plain answer, unless it registered that it may.
pub(super) fn wanted(headers: &HeaderMap, caller: &AuthenticatedCaller) -> Result<Envelope, Reason> {
    let accepts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut types =
        accepts.flat_map(|value| value.split(',')).map(|item| item.split(';').next().unwrap_or("").trim());
    if types.any(|media_type| media_type.eq_ignore_ascii_case(MEDIA_TYPE)) {
        return Ok(Envelope::Jwt);
    }
    let must_be_encrypted = |resource: &RegisteredResource| {
        resource.settings.introspection_encrypted_response_alg.is_some()
            && resource.settings.introspection_allow_plain != Some(true)
    };
    if caller.resources.iter().any(|resource| must_be_encrypted(resource)) {
        return Err(Reason::IntrospectionPlainRefused);
    }
    Ok(Envelope::Json)
}

pub(super) async fn send(
    server: &AuthorizationServer,
    caller: &AuthenticatedCaller,
    envelope: Envelope,
    wire: &Wire,
) -> Result<Answer, Error> {
    if envelope == Envelope::Json {
        let mut answer = answer::json(wire)?;
        answer.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
        return Ok(answer);
    }
    let signed = sign(server, caller, wire).await?;
    let token = match deciding(caller) {
        Some(resource) => encrypt(server, &caller.id, resource, signed).await?,
        None => signed,
    };
    Ok(answer::jwt(MEDIA_TYPE, token))
}

/// The resource whose registration applies to the caller: of several, one that requires encryption.
fn deciding(caller: &AuthenticatedCaller) -> Option<&RegisteredResource> {
    let encrypts =
        |resource: &&RegisteredResource| resource.settings.introspection_encrypted_response_alg.is_some();
    let mut resources = caller.resources.iter().map(|resource| &**resource);
    resources.clone().find(encrypts).or_else(|| resources.next())
}

async fn sign(
    server: &AuthorizationServer,
    caller: &AuthenticatedCaller,
    wire: &Wire,
) -> Result<String, Error> {
    let registered =
        deciding(caller).and_then(|resource| resource.settings.introspection_signed_response_alg.as_deref());
    let name = registered.unwrap_or(SignatureAlgorithm::Rs256.as_str());
    let keys = server.keys().await?;
    let key = SignatureAlgorithm::parse(name).and_then(|algorithm| keys.signing(algorithm));
    let key = key.ok_or_else(|| not_served(&caller.id, name))?;
    let claims = Claims {
        iss: server.settings().issuer.as_str(),
        aud: caller.id.as_str(),
        iat: server.now().0,
        token_introspection: wire,
    };
    let payload = serde_json::to_vec(&claims).map_err(Fault::new)?;
    let header =
        jws::Header { typ: Some(TYPE.into()), kid: Some(key.kid().into()), ..jws::Header::default() };
    Ok(jws::sign(&header, &payload, key).map_err(Fault::new)?)
}

/// Encrypts the answer if the resource registered that. If the key is unavailable the answer is 503, never a plain one.
async fn encrypt(
    server: &AuthorizationServer,
    who: &ClientId,
    resource: &RegisteredResource,
    signed: String,
) -> Result<String, Error> {
    let settings = &resource.settings;
    let alg = settings.introspection_encrypted_response_alg.as_deref();
    let enc = settings.introspection_encrypted_response_enc.as_deref();
    match Encryption::registered(alg, enc) {
        None => Ok(signed),
        Some(wanted) => Recipient::resource(who, resource).encrypt_jwt(server, wanted, &signed).await,
    }
}
