//! JWT access tokens (RFC 9068).

use jose::{Claims, SignatureAlgorithm, jws, jws::Unverified};
use protocol::{Audience, ClientId, Confirmation, GrantId, JwtId, Scopes, Subject, Timestamp};
use serde::Serialize;
use serde_json::Value;
use zeroize::Zeroizing;

use super::issued::{AccessClaims, IssuedAccess};
use crate::{
    AuthorizationServer,
    error::{Error, Fault},
    registry::AccessTokenType,
    store::{Access, Ended, TokenDetails},
};

#[derive(Serialize)]
struct JwtAccessToken<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: AudienceClaim<'a>,
    client_id: &'a str,
    exp: i64,
    iat: i64,
    jti: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    scope: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    /// Private claim: the grant's id, or the client's epoch if there is no grant. Revocation is checked by it.
    gid: &'a str,
    /// Private claim: the client named the audience by `resource`, so introspection returns it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    resource_named: bool,
    /// RFC 9449 §6.1, RFC 8705 §3.1
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<&'a Confirmation>,
    /// Private claim: the claims that UserInfo answers with beside those of the scopes.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    userinfo_claims: &'a [Box<str>],
    /// RFC 8693 §4.1
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<&'a Value>,
    /// Private claim: the epoch of the client of an exchanged token, whose grant is another client's.
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<i64>,
    /// RFC 9396 §9.1
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    authorization_details: &'a [Value],
}

#[derive(Serialize)]
#[serde(untagged)]
enum AudienceClaim<'a> {
    One(&'a str),
    Many(Vec<&'a str>),
}

pub(super) async fn mint_jwt(
    server: &AuthorizationServer,
    claims: &AccessClaims<'_>,
    now: Timestamp,
    lifetime: i64,
) -> Result<IssuedAccess, Error> {
    let names = claims.audience.identifiers();
    let algorithms: Vec<SignatureAlgorithm> = claims.audience.resources.iter().map(|r| r.algorithm).collect();
    let algorithm = match algorithms.as_slice() {
        [first, rest @ ..] if rest.iter().all(|other| other == first) => *first,
        _ => SignatureAlgorithm::Es256,
    };
    let keys = server.keys().await?;
    let key = keys.signing(algorithm).or_else(|| keys.signing(SignatureAlgorithm::Es256));
    let key = key.ok_or_else(|| Fault::new("no key signs access tokens"))?;
    let aud = match names.as_slice() {
        [one] => AudienceClaim::One(one.as_str()),
        many => AudienceClaim::Many(many.iter().map(Audience::as_str).collect()),
    };
    let jti = server.draw_id();
    let scopes = claims.audience.scopes.clone();
    let payload = JwtAccessToken {
        iss: server.settings().issuer.as_str(),
        sub: claims.subject.map_or(claims.client.as_str(), Subject::as_str),
        aud,
        client_id: claims.client.as_str(),
        exp: now.0 + lifetime,
        iat: now.0,
        jti: &jti,
        scope: scopes.as_str(),
        authorization_details: claims.details.as_ref().map_or(&[], |details| &details.authorization_details),
        userinfo_claims: claims.details.as_ref().map_or(&[], |details| &details.userinfo_claims),
        auth_time: claims.authenticated_at.map(|at| at.0),
        gid: &claims.grant.unwrap_or(GrantId(claims.epoch)).to_string(),
        resource_named: claims.audience.narrowed,
        cnf: claims.confirmation,
        act: claims.exchanged.and_then(|exchanged| exchanged.act),
        epoch: claims.exchanged.map(|_| claims.epoch),
    };
    let payload = serde_json::to_vec(&payload).map_err(Fault::new)?;
    let typ = claims.audience.access_token_type();
    let header =
        jws::Header { typ: Some(typ.as_str().into()), kid: Some(key.kid().into()), ..jws::Header::default() };
    let token = jws::sign(&header, &payload, key).map_err(Fault::new)?;
    Ok(IssuedAccess {
        token: Zeroizing::new(token),
        expires_in: lifetime,
        scopes,
        details: claims.details.clone(),
        token_type: claims.token_type(),
    })
}

/// A verified JWT access token of this server; what ended it is read from the store in one statement. `None`: it is not
/// one of this server.
pub(crate) async fn read_jwt(
    server: &AuthorizationServer,
    token: &str,
) -> Result<Option<(Access, JwtId, Option<Ended>)>, Fault> {
    let Ok(unverified) = Unverified::parse(token) else { return Ok(None) };
    let keys = server.keys().await?;
    let Some(key) = unverified.kid().and_then(|kid| keys.verifying(kid)) else { return Ok(None) };
    let Ok(verified) = unverified.verify(&key) else { return Ok(None) };
    // An ID token has the type `JWT` too, and never a `gid`.
    if verified.typ().and_then(AccessTokenType::parse).is_none() {
        return Ok(None);
    }
    let Some((access, jti)) = verified.claims().ok().and_then(|claims| {
        let issuer = claims.string("iss").ok()??;
        if issuer == server.settings().issuer.as_str() { access_of(&claims) } else { None }
    }) else {
        return Ok(None);
    };
    let ended = server.store().jwt_ended(&jti, access.grant, &access.client, access.epoch).await?;
    Ok(Some((access, jti, ended)))
}

/// The record that this token would have if it were stored.
fn access_of(claims: &Claims) -> Option<(Access, JwtId)> {
    let client = ClientId::new(claims.string("client_id").ok()??);
    let subject = claims.string("sub").ok()??;
    let through = GrantId::parse(claims.string("gid").ok()??)?;
    // `sub` is not compared with `client_id`, since an account may have the same name as a client (RFC 9068 §5).
    let is_machine = claims.time("auth_time").ok()?.is_none();
    let access = Access {
        grant: (!is_machine).then_some(through),
        epoch: match is_machine {
            true => through.0,
            false => claims.value("epoch").and_then(Value::as_i64).unwrap_or_default(),
        },
        subject: (!is_machine).then(|| Subject::new(subject)),
        scopes: Scopes::stored(claims.string("scope").ok()?.unwrap_or_default()),
        audience: claims.strings("aud").ok()?.into_iter().map(Audience::new).collect(),
        narrowed: claims.boolean("resource_named").ok()?.unwrap_or_default(),
        confirmation: match claims.object("cnf").ok()? {
            Some(members) => Some(Box::new(Confirmation::read(members, &[]).ok()?)),
            None => None,
        },
        act: claims.object("act").ok()?.map(|act| Value::Object(act.clone()).to_string().into()),
        issued_at: Timestamp(claims.time("iat").ok()??),
        expires_at: Timestamp(claims.time("exp").ok()??),
        details: TokenDetails {
            userinfo_claims: claims.strings("userinfo_claims").ok()?.into_iter().map(Into::into).collect(),
            authorization_details: match claims.value("authorization_details") {
                None => Vec::new(),
                Some(Value::Array(details)) => details.clone(),
                Some(_) => return None,
            },
        }
        .boxed(),
        client,
    };
    Some((access, JwtId::new(claims.string("jti").ok()??)))
}
