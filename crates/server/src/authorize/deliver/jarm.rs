//! A response in a JWT for the client: signed, and encrypted if the client registered that (JARM §2.1, §2.2).

use jose::SignatureAlgorithm;
use protocol::ClientId;
use serde_json::{Map, Value};

use super::ResponseParams;
use crate::{
    AuthorizationServer,
    error::{Error, Fault},
    reason::Reason,
    tokens::recipient::{Encryption, Recipient, not_served, sign_for},
};

/// Seconds until a response in a JWT expires (JARM §2.1: "a maximum JWT lifetime of 10 minutes is RECOMMENDED").
const LIFETIME: i64 = 600;
/// Its `typ`: it is no access token, and without `sub` no ID token.
const TYPE: &str = "JWT";

/// The value of `response`: the parameters as claims, beside `iss`, `aud` and `exp`.
pub(super) async fn sign(
    server: &AuthorizationServer,
    client: &ClientId,
    params: ResponseParams<'_>,
) -> Result<String, Error> {
    let client = server.registry().client(client.as_str()).await?;
    let client = client.ok_or(Reason::AuthorizeClientUnknown)?;
    let metadata = &client.metadata;
    let algorithm = match metadata.authorization_signed_response_alg.as_deref() {
        Some(name) => SignatureAlgorithm::parse(name).ok_or_else(|| not_served(client.id(), name))?,
        None => SignatureAlgorithm::Rs256,
    };
    let text = |(name, value): (&str, String)| (name.to_owned(), Value::String(value));
    let mut claims: Map<String, Value> = params.into_iter().map(text).collect();
    claims.insert("iss".to_owned(), server.settings().issuer.as_str().into());
    claims.insert("aud".to_owned(), client.id().as_str().into());
    claims.insert("exp".to_owned(), (server.now().0 + LIFETIME).into());
    if let Some(seconds) = claims.get_mut("expires_in") {
        *seconds = seconds.as_str().and_then(|text| text.parse::<i64>().ok()).into();
    }
    let payload = serde_json::to_vec(&claims).map_err(Fault::new)?;
    let signed = sign_for(server, &client, algorithm, TYPE, &payload).await?;
    let alg = metadata.authorization_encrypted_response_alg.as_deref();
    match Encryption::registered(alg, metadata.authorization_encrypted_response_enc.as_deref()) {
        None => Ok(signed),
        Some(registered) => Recipient::client(&client).encrypt_jwt(server, registered, &signed).await,
    }
}
