//! ID tokens (OpenID Connect Core 1.0 §2).

use jose::{Claims, SignatureAlgorithm, VerifyingKey, jws::Unverified};
use protocol::{ClientId, IdTokenClaims, SessionId, Subject, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    claims::{Releasing, released},
    recipient::{Encryption, Recipient, not_served, sign_for},
};
use crate::{
    AuthorizationServer, acr,
    error::{Error, Fault},
    pairwise,
    registry::RegisteredClient,
    store::Grant,
};

/// The `typ` of ID tokens: distinct from `at+jwt`, so that one is never accepted as the other (RFC 8725 §3.11).
const TYPE: &str = "JWT";

#[derive(Serialize)]
struct IdToken<'a> {
    iss: &'a str,
    sub: String,
    /// Own claim: who the user is, for this server only, where `sub` is pairwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    sealed_sub: Option<String>,
    aud: &'a str,
    exp: i64,
    iat: i64,
    auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    amr: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    c_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    s_hash: Option<String>,
    #[serde(flatten)]
    about_user: Map<String, Value>,
}

/// Claims that the server sets, or that mean something else than a fact about the user. No scope adds them.
const PROTOCOL_CLAIMS: [&str; 22] = [
    "iss",
    "sub",
    "sealed_sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "azp",
    "sid",
    "at_hash",
    "c_hash",
    "s_hash",
    "cnf",
    "sub_jwk",
    // Those by which an access token in a JWT is told.
    "client_id",
    "scope",
    "gid",
];
/// Most bytes of JSON that claims about the user add to an ID token. It is sent back as `id_token_hint` in a URL, so a
/// claim that does not fit is only at UserInfo.
const USER_CLAIMS_BYTES_MAX: usize = 3 * 1024;

/// What an ID token is bound to by a hash.
#[derive(Debug, Default)]
pub(crate) struct Hashed<'a> {
    /// `at_hash` (OpenID Connect Core 1.0 §3.2.2.9).
    pub(crate) access_token: Option<&'a str>,
    /// `c_hash` (OpenID Connect Core 1.0 §3.3.2.11).
    pub(crate) code: Option<String>,
    /// `s_hash` (FAPI 1.0 Advanced §5.2.2.1).
    pub(crate) state: Option<&'a str>,
}

/// An ID token of a token response.
pub(crate) async fn mint(
    server: &AuthorizationServer,
    client: &RegisteredClient,
    grant: &Grant,
    nonce: Option<&str>,
    access_token: &str,
) -> Result<String, Error> {
    let hashed = Hashed { access_token: Some(access_token), ..Hashed::default() };
    mint_beside(server, client, grant, nonce, &hashed).await
}

/// An ID token beside these.
pub(crate) async fn mint_beside(
    server: &AuthorizationServer,
    client: &RegisteredClient,
    grant: &Grant,
    nonce: Option<&str>,
    hashed: &Hashed<'_>,
) -> Result<String, Error> {
    let now = server.now();
    let algorithm = match client.metadata.id_token_signed_response_alg.as_deref() {
        Some(name) => SignatureAlgorithm::parse(name).ok_or_else(|| not_served(client.id(), name))?,
        None => SignatureAlgorithm::Rs256,
    };
    let payload = IdToken {
        iss: server.settings().issuer.as_str(),
        sub: pairwise::told(server.master(), client, &grant.subject),
        sealed_sub: pairwise::sealed(server.master(), client, &grant.subject),
        aud: client.id().as_str(),
        exp: now.0 + server.settings().id_token_lifetime,
        iat: now.0,
        auth_time: grant.authenticated_at.0,
        nonce,
        acr: grant.details.as_ref().filter(|details| details.names_acr).and_then(|_| acr::of(&grant.amr)),
        amr: grant.amr.split(' ').filter(|method| !method.is_empty()).collect(),
        sid: grant.session.map(|session| session.to_string()),
        at_hash: hashed.access_token.map(|token| half_hash(algorithm, token)),
        c_hash: hashed.code.as_deref().map(|code| half_hash(algorithm, code)),
        s_hash: hashed.state.map(|state| half_hash(algorithm, state)),
        about_user: about_user(server, client, grant).await?,
    };
    let payload = serde_json::to_vec(&payload).map_err(Fault::new)?;
    let signed = sign_for(server, client, algorithm, TYPE, &payload).await?;
    let metadata = &client.metadata;
    let (alg, enc) = (&metadata.id_token_encrypted_response_alg, &metadata.id_token_encrypted_response_enc);
    match Encryption::registered(alg.as_deref(), enc.as_deref()) {
        None => Ok(signed),
        Some(registered) => Recipient::client(client).encrypt_jwt(server, registered, &signed).await,
    }
}

/// The claims of the granted scopes, as far as the client registered that it wants them (OpenID Connect Core 1.0 §5.4
/// leaves them at UserInfo; many applications read only the ID token).
async fn about_user(
    server: &AuthorizationServer,
    client: &RegisteredClient,
    grant: &Grant,
) -> Result<Map<String, Value>, Fault> {
    let registered = client.metadata.id_token_claims.as_ref();
    let scopes = grant.scopes.filter(|token| client.scopes.contains(token));
    let named = grant.details.as_ref().map_or(&[][..], |details| &details.id_token_claims);
    let is_none =
        |registered: &IdTokenClaims| *registered == IdTokenClaims::Word(IdTokenClaims::NONE.to_owned());
    if named.is_empty() && registered.is_some_and(is_none) {
        return Ok(Map::new());
    }
    let releasing = Releasing { scopes: &scopes, named, of_client: &client.scopes };
    let mut claims = released(server, &grant.subject, releasing).await?;
    let mut bytes = 0;
    claims.retain(|name, value| {
        let is_wanted = named.iter().any(|asked| **asked == **name)
            || registered.is_none_or(|registered| registered.include(name));
        if PROTOCOL_CLAIMS.contains(&&**name) || !is_wanted {
            return false;
        }
        let length = name.len() + value.to_string().len();
        let fits = bytes + length <= USER_CLAIMS_BYTES_MAX;
        if fits {
            bytes += length;
        } else {
            tracing::info!(claim = name, client = %client.id(), "does not fit into the ID token: at UserInfo only");
        }
        fits
    });
    Ok(claims)
}

/// The left half of the hash of the signature algorithm (OpenID Connect Core 1.0 §3.1.3.6).
fn half_hash(algorithm: SignatureAlgorithm, text: &str) -> String {
    jose::base64url::encode(&jose::primitives::left_half_hash(algorithm, text.as_bytes()))
}

/// The contents of an ID token that was sent as a hint.
#[derive(Debug)]
pub(crate) struct Hint {
    pub(crate) subject: Subject,
    pub(crate) client: ClientId,
    pub(crate) session: Option<SessionId>,
    pub(crate) expires_at: Timestamp,
}

/// Verifies an `id_token_hint`: an ID token of this server, expired or not (OpenID Connect RP-Initiated Logout 1.0 §2).
/// Of what this server signs for a client with this `typ`, an ID token alone has `exp` and `auth_time` and no `gid`: an
/// access token has a `gid`, an answer of UserInfo no `auth_time`, an authorization response no `sub`.
pub(crate) async fn read_hint(server: &AuthorizationServer, token: &str) -> Result<Option<Hint>, Fault> {
    let Ok(unverified) = Unverified::parse(token) else { return Ok(None) };
    let Some(key) = verifying_key(server, &unverified).await? else { return Ok(None) };
    let Ok(verified) = unverified.verify(&key) else { return Ok(None) };
    if verified.typ() != Some(TYPE) {
        return Ok(None);
    }
    let Ok(claims) = verified.claims() else { return Ok(None) };
    let text = |name| claims.string(name).ok().flatten();
    let has_time = |name| claims.time(name).is_ok_and(|time| time.is_some());
    let is_id_token = has_time("exp") && has_time("auth_time") && claims.value("gid").is_none();
    if text("iss") != Some(server.settings().issuer.as_str()) || !is_id_token {
        return Ok(None);
    }
    let (Some(subject), Some(client)) = (text("sub"), text("aud")) else { return Ok(None) };
    let client = ClientId::new(client);
    let subject = match text("sealed_sub") {
        Some(sealed) => pairwise::open(server.master(), &client, sealed),
        None => Some(Subject::new(subject)),
    };
    let Some(subject) = subject else { return Ok(None) };
    let expires_at = claims.time("exp").ok().flatten().map_or(Timestamp(0), Timestamp);
    Ok(Some(Hint { subject, client, session: text("sid").and_then(SessionId::parse), expires_at }))
}

/// The key that verifies an ID token of this server: one of the ring, or the secret of its client if that registered an
/// HS* algorithm.
async fn verifying_key(
    server: &AuthorizationServer,
    token: &Unverified<'_>,
) -> Result<Option<VerifyingKey>, Fault> {
    let Some(algorithm) = token.algorithm() else { return Ok(None) };
    if !algorithm.is_symmetric() {
        let keys = server.keys().await?;
        return Ok(token.kid().and_then(|kid| keys.verifying(kid)));
    }
    let Ok(claims) = Claims::parse(token.payload_unverified()) else { return Ok(None) };
    let Ok(Some(id)) = claims.string("aud") else { return Ok(None) };
    let Some(client) = server.registry().client(id).await? else { return Ok(None) };
    if client.metadata.id_token_signed_response_alg.as_deref() != Some(algorithm.as_str()) {
        return Ok(None);
    }
    let secret = client.caller.secret.as_ref();
    let secret = secret.and_then(|stored| server.master().recover_secret(client.id(), stored));
    Ok(secret.and_then(|secret| VerifyingKey::hmac(algorithm, &secret).ok()))
}
