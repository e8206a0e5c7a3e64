//! `POST /device_authorization` (RFC 8628 §3.1).

use protocol::{GrantType, ServerMetadata};
use serde::Serialize;

use super::{offer::Offer, table::CALL};
use crate::{
    AuthorizationServer,
    answer::{self, Answer, Scheme},
    clients,
    context::{Cors, Endpoint, Installed, Responder},
    deferred::{self, Rate, StoredFacts},
    error::Error,
    incoming::Incoming,
    origin::Origin,
    reason::Reason,
    settings::DeviceFlow,
    settle::{Carried, Decision, settle},
    store::Whose,
};

/// The response (RFC 8628 §3.2).
#[derive(Serialize)]
struct DeviceAuthorization {
    device_code: String,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: String,
    expires_in: i64,
    interval: i64,
}

pub(crate) fn install(installed: &mut Installed, device: &DeviceFlow) {
    let device = *device;
    installed.endpoint(Endpoint {
        path: "/device_authorization".into(),
        methods: CALL,
        cors: Cors::Forbidden,
        advertise: Box::new(advertise),
        answer: Responder::new(move |server, incoming| {
            Box::pin(async move {
                respond(server, incoming, device)
                    .await
                    .unwrap_or_else(|error| answer::json_error(&error, Scheme::Basic))
            })
        }),
    });
}

/// RFC 8628 §4
fn advertise(metadata: &mut ServerMetadata, offer: &Offer<'_>) {
    metadata.device_authorization_endpoint = Some(offer.url.to_owned());
}

async fn respond(
    server: &AuthorizationServer,
    incoming: &Incoming,
    device: DeviceFlow,
) -> Result<Answer, Error> {
    let params = incoming.form()?;
    let caller = clients::authenticate(server, incoming, &params).await?;
    let now = server.now();
    let carried = Carried::of(now, &incoming.head, &caller.remember).by(&caller.id);
    let facts = StoredFacts::of(incoming);
    let decide = || async {
        let client = caller.client.as_ref().ok_or(Reason::GrantTypeNotRegistered)?;
        if !client.may_use(GrantType::DeviceCode) {
            return Err(Reason::GrantTypeNotRegistered.into());
        }
        let asked = deferred::asked(server, client, params.get("scope"), params.all("resource")).await?;
        let code = server.draws().user_code();
        let whose = Whose::Typed(code.clone());
        let (secret, commit) = asked.add(server, whose, device.code_lifetime, |_| facts.to_text())?;
        Ok(Decision { commit, answer: Ok((secret, code)) })
    };
    let counted: Vec<Rate> =
        Origin::of(&incoming.head.extensions).counted().map(Rate::DevicesOfAddress).collect();
    if !server.deferred().rates.take(&counted, now) {
        return Err(Reason::DeviceAuthorizationsTooMany.into());
    }
    let (secret, code) = settle(server.store(), carried, decide).await?;
    let settings = server.settings();
    let verification_uri = settings.url(&settings.pages.device);
    answer::json(&DeviceAuthorization {
        device_code: secret.expose(),
        verification_uri_complete: format!("{verification_uri}?user_code={code}"),
        verification_uri,
        user_code: code.to_string(),
        expires_in: device.code_lifetime,
        interval: device.interval,
    })
}
