//! Pushed authorization requests (RFC 9126): how one is stored, opened, and used up.

use async_trait::async_trait;
use protocol::{ClientId, Handle, Params, PushedRequest, Timestamp, limits};
use serde::{Deserialize, Serialize};

use super::source::Parameters;
use crate::{
    AuthorizationServer,
    context::{FoundParams, PushedKey, RequestSource},
    error::{Error, Fault},
    reason::Reason,
    store::Item,
};

/// What a `request_uri` of this server begins with (RFC 9126 §2.2).
pub(super) const URN: &str = "urn:ietf:params:oauth:request_uri:";
/// Parameters that are not stored: the client's credentials (RFC 9126 §2.1), and its id, which is put first.
const NOT_KEPT: [&str; 4] = ["client_id", "client_secret", "client_assertion", "client_assertion_type"];
/// The namespace of stored requests.
const SPACE: &str = "pushed request";

/// Opens the request of a `request_uri` that this server made, for the client that pushed it.
#[derive(Debug)]
pub(crate) struct PushedSource;

#[async_trait]
impl RequestSource for PushedSource {
    fn reads(&self, sent: &Params<'_>) -> bool {
        sent.get("request_uri").is_some_and(|uri| uri.starts_with(URN))
    }

    /// # Errors
    /// [`Reason::RequestUriUnknown`], also for the request of another client (RFC 9126 §2.2, §7.1), and
    /// [`Reason::RequestUriExpired`].
    async fn read(&self, server: &AuthorizationServer, sent: &Params<'_>) -> Result<FoundParams, Error> {
        let client = sent.get("client_id").ok_or(Reason::ParameterMissing("client_id"))?;
        let secret = sent.get("request_uri").and_then(|uri| uri.strip_prefix(URN));
        let secret = secret.and_then(PushedRequest::presented).ok_or(Reason::RequestUriUnknown)?;
        let key = key(&secret.handle());
        let (value, _) = server.store().item(SPACE, &key.0).await?.ok_or(Reason::RequestUriUnknown)?;
        let Pushed { expires_at, params, is_signed } = serde_json::from_slice(&value).map_err(Fault::new)?;
        let params = Params::of(params).map_err(Fault::new)?;
        if params.get("client_id") != Some(client) {
            return Err(Reason::RequestUriUnknown.into());
        }
        if expires_at <= server.now() {
            return Err(Reason::RequestUriExpired.into());
        }
        Ok(FoundParams { params, pushed: Some(key), is_signed, once: None })
    }
}

/// The stored form.
#[derive(Serialize, Deserialize)]
struct Pushed {
    /// When it can't be opened any more. The row lasts longer: the interaction that it began is still answered.
    expires_at: Timestamp,
    params: Vec<(String, String)>,
    #[serde(default)]
    is_signed: bool,
}

/// A valid request to store, and its `request_uri`.
///
/// # Errors
/// [`Reason::ParameterTooLong`] beyond [`limits::INTERACTION_BYTES_MAX`].
pub(crate) fn store(
    server: &AuthorizationServer,
    client: &ClientId,
    params: &Parameters,
    now: Timestamp,
    lifetime: i64,
) -> Result<(String, Item), Error> {
    let secret: PushedRequest = server.draw(PushedRequest::mint);
    let expires_at = now + lifetime;
    let is_signed = params.is_signed();
    let is_kept = |name: &str| !NOT_KEPT.contains(&name);
    let kept = params.params().iter().filter(|(name, _)| is_kept(name));
    let kept = [("client_id", client.as_str())].into_iter().chain(kept);
    let mut kept: Vec<_> = kept.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    // The key of the proof binds the code, as if the request had named it (RFC 9449 §10.1).
    if let Some(key) = params.proven().filter(|_| params.get("dpop_jkt").is_none()) {
        kept.push(("dpop_jkt".to_owned(), key.to_string()));
    }
    let pushed = Pushed { expires_at, params: kept, is_signed };
    let value = serde_json::to_vec(&pushed).map_err(Fault::new)?;
    if value.len() > limits::INTERACTION_BYTES_MAX {
        return Err(Reason::ParameterTooLong("request").into());
    }
    let item = Item {
        space: SPACE.into(),
        key: key(&secret.handle()).0,
        value: Some(value),
        expect: None,
        until: expires_at + server.settings().interaction_lifetime,
    };
    Ok((format!("{URN}{}", secret.expose()), item))
}

/// What deletes a pushed request, where it is still stored.
///
/// It is used up in the commit of the approval and not when it is opened: a browser that reloads the page, or comes back
/// from signing in elsewhere, opens it again (RFC 9126 §4; FAPI 2.0 Security Profile §5.3.2.2).
///
/// # Errors
/// [`Reason::RequestUriReused`] if it was used, or its last interaction has expired.
pub(crate) async fn use_up(server: &AuthorizationServer, key: &PushedKey) -> Result<Item, Error> {
    let (value, until) = server.store().item(SPACE, &key.0).await?.ok_or(Reason::RequestUriReused)?;
    if until <= server.now() {
        return Err(Reason::RequestUriReused.into());
    }
    Ok(Item { space: SPACE.into(), key: key.0.clone(), value: None, expect: Some(value), until })
}

fn key(handle: &Handle<PushedRequest>) -> PushedKey {
    PushedKey(jose::base64url::encode(handle.digest.as_bytes()).into())
}
