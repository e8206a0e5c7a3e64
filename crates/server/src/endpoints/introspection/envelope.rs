//! The form of an introspection answer: plain, signed, or signed and encrypted (RFC 9701).

use http::{HeaderMap, HeaderValue, header};
use jose::{SignatureAlgorithm, jws};
use protocol::fields;
use serde::Serialize;

use super::response::IntrospectionResponse;
use crate::{
    AuthorizationServer,
    answer::{self, Answer},
    clients::AuthenticatedCaller,
    error::{Error, Fault},
    reason::Reason,
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
    token_introspection: &'a IntrospectionResponse,
}

/// What one registration of the caller says of its answers (RFC 9701 §6).
struct Registered<'a> {
    signed: Option<&'a str>,
    encrypted: Option<Encryption<'a>>,
    allows_plain: bool,
    recipient: Recipient<'a>,
}

/// The registrations of the caller: of its resources, and of the client with its id.
fn registered(caller: &AuthenticatedCaller) -> impl Iterator<Item = Registered<'_>> {
    let resources = caller.resources.iter().map(|resource| {
        let settings = &resource.settings;
        let alg = settings.introspection_encrypted_response_alg.as_deref();
        let enc = settings.introspection_encrypted_response_enc.as_deref();
        Registered {
            signed: settings.introspection_signed_response_alg.as_deref(),
            encrypted: Encryption::registered(alg, enc),
            allows_plain: settings.introspection_allow_plain == Some(true),
            recipient: Recipient::resource(&caller.id, resource),
        }
    });
    let client = caller.client.iter().map(|client| {
        let metadata = &client.metadata;
        let alg = metadata.introspection_encrypted_response_alg.as_deref();
        let enc = metadata.introspection_encrypted_response_enc.as_deref();
        Registered {
            signed: metadata.introspection_signed_response_alg.as_deref(),
            encrypted: Encryption::registered(alg, enc),
            allows_plain: false,
            recipient: Recipient::client(client),
        }
    });
    resources.chain(client)
}

/// The registration that applies: one that requires encryption, or else the first.
fn deciding(caller: &AuthenticatedCaller) -> Option<Registered<'_>> {
    registered(caller).find(|one| one.encrypted.is_some()).or_else(|| registered(caller).next())
}

/// Reads `Accept`. Whoever registered encryption gets no plain answer, except a resource that registered that it may.
pub(super) fn wanted(headers: &HeaderMap, caller: &AuthenticatedCaller) -> Result<Envelope, Reason> {
    let mut accepted = fields::members(headers.get_all(header::ACCEPT).iter().map(HeaderValue::as_bytes));
    let names_it = |member: &[u8]| {
        fields::without_parameters(member).eq_ignore_ascii_case(MEDIA_TYPE.as_bytes())
            && !fields::is_unacceptable(member)
    };
    if accepted.any(names_it) {
        return Ok(Envelope::Jwt);
    }
    if registered(caller).any(|one| one.encrypted.is_some() && !one.allows_plain) {
        return Err(Reason::IntrospectionPlainRefused);
    }
    Ok(Envelope::Json)
}

pub(super) async fn send(
    server: &AuthorizationServer,
    caller: &AuthenticatedCaller,
    envelope: Envelope,
    wire: &IntrospectionResponse,
) -> Result<Answer, Error> {
    if envelope == Envelope::Json {
        let mut answer = answer::json(wire)?;
        answer.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
        return Ok(answer);
    }
    let deciding = deciding(caller);
    let signed_by = deciding.as_ref().and_then(|registered| registered.signed);
    let signed = sign(server, caller, signed_by, wire).await?;
    // If the key is unavailable the answer is 503, never a plain one.
    let token =
        match deciding.and_then(|Registered { encrypted, recipient, .. }| encrypted.zip(Some(recipient))) {
            Some((wanted, recipient)) => recipient.encrypt_jwt(server, wanted, &signed).await?,
            None => signed,
        };
    Ok(answer::jwt(MEDIA_TYPE, token))
}

async fn sign(
    server: &AuthorizationServer,
    caller: &AuthenticatedCaller,
    algorithm: Option<&str>,
    wire: &IntrospectionResponse,
) -> Result<String, Error> {
    let name = algorithm.unwrap_or(SignatureAlgorithm::Rs256.as_str());
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
