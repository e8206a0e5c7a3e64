//! `POST /backchannel_authentication` (OpenID Connect Client-Initiated Backchannel Authentication 1.0 §7).

use jose::SignatureAlgorithm;
use protocol::{GrantType, Params, ServerMetadata, Subject, display::Shown, limits, scope};
use serde::Serialize;

use super::{
    offer::{Offer, names},
    table::CALL,
};
use crate::{
    AuthorizationServer,
    answer::{self, Answer, Scheme},
    clients::{self, AuthenticatedClient},
    context::{Cors, Endpoint, Installed, Responder},
    deferred::{self, Rate, StoredFacts, signed},
    error::Error,
    incoming::{Incoming, RequestHead as _},
    ports::Standing,
    reason::Reason,
    settings::BackchannelAuthentication,
    settle::{Carried, Decision, settle},
    store::Whose,
    tokens::id_token,
};

/// The response (CIBA Core 1.0 §7.3).
#[derive(Serialize)]
struct Acknowledgement {
    auth_req_id: String,
    expires_in: i64,
    interval: i64,
}

pub(crate) fn install(installed: &mut Installed, backchannel: &BackchannelAuthentication) {
    let backchannel = *backchannel;
    installed.endpoint(Endpoint {
        path: "/backchannel_authentication".into(),
        methods: CALL,
        cors: Cors::Forbidden,
        advertise: Box::new(advertise),
        answer: Responder::new(move |server, incoming| {
            Box::pin(async move {
                respond(server, incoming, backchannel)
                    .await
                    .unwrap_or_else(|error| answer::json_error(&error, Scheme::Basic))
            })
        }),
    });
}

/// CIBA Core 1.0 §4
fn advertise(metadata: &mut ServerMetadata, offer: &Offer<'_>) {
    metadata.backchannel_authentication_endpoint = Some(offer.url.to_owned());
    metadata.backchannel_token_delivery_modes_supported = names(["poll", "ping"]);
    let public = SignatureAlgorithm::ALL.iter().filter(|algorithm| !algorithm.is_symmetric());
    metadata.backchannel_authentication_request_signing_alg_values_supported =
        names(public.map(|algorithm| algorithm.as_str()));
    metadata.backchannel_user_code_parameter_supported = Some(false);
}

async fn respond(
    server: &AuthorizationServer,
    incoming: &Incoming,
    backchannel: BackchannelAuthentication,
) -> Result<Answer, Error> {
    let form = incoming.form()?;
    let mut caller = clients::authenticate(server, incoming, &form).await?;
    let client = caller.client.clone().ok_or(Reason::GrantTypeNotRegistered)?;
    if client.is_public() || !client.may_use(GrantType::Ciba) {
        return Err(Reason::GrantTypeNotRegistered.into());
    }
    // Only the object counts, where the request is one (§7.1.1).
    let signed = signed::read(server, &client, &form).await?;
    let params = signed.as_ref().map_or(&form, |signed| &signed.params);
    caller.remember.extend(signed.iter().map(|signed| signed.once.clone()));
    let now = server.now();
    let carried = Carried::of(now, &incoming.head, &caller.remember).by(&caller.id);
    let lifetime = lifetime(params.get("requested_expiry"), backchannel.request_lifetime)?;
    let decide = || Box::pin(decide(server, &client, incoming, params, lifetime));
    let auth_req_id = settle(server.store(), carried, decide).await?;
    answer::json(&Acknowledgement { auth_req_id, expires_in: lifetime, interval: backchannel.interval })
}

/// `requested_expiry` shortens the lifetime (CIBA Core 1.0 §7.1).
fn lifetime(sent: Option<&str>, most: i64) -> Result<i64, Reason> {
    let Some(text) = sent else { return Ok(most) };
    let seconds: i64 = text.parse().map_err(|_| Reason::RequestedExpiryInvalid)?;
    if seconds < 1 { Err(Reason::RequestedExpiryInvalid) } else { Ok(seconds.min(most)) }
}

async fn decide(
    server: &AuthorizationServer,
    client: &AuthenticatedClient,
    incoming: &Incoming,
    params: &Params<'_>,
    lifetime: i64,
) -> Result<Decision<String>, Error> {
    let asked = deferred::asked(server, client, params.get("scope"), params.all("resource")).await?;
    if !asked.scopes().contains(scope::OPENID) {
        return Err(Reason::OpenidScopeMissing.into());
    }
    let binding_message = binding_message(params.get("binding_message"))?;
    let token = notification_token(client, params.get("client_notification_token"))?;
    let subject = user(server, params).await?;
    incoming.head.note_subject(&subject);
    let now = server.now();
    // Nobody is flooded with requests, neither by all clients together nor by one.
    let waiting = server.store().list_deferred(&subject, now, limits::USER_REQUESTS_WAITING_MAX).await?;
    let counted = [Rate::RequestsOf(client.id().clone(), subject.clone())];
    let is_full = waiting.len() >= limits::USER_REQUESTS_WAITING_MAX as usize;
    if is_full || !server.deferred().rates.take(&counted, now) {
        return Err(Reason::UserRequestsTooMany.into());
    }
    let mut facts = StoredFacts { binding_message, ..StoredFacts::of(incoming) };
    let (secret, commit) = asked.add(server, Whose::Subject(subject), lifetime, |secret| {
        facts.ping = token.map(|token| deferred::ping::StoredPing::seal(server, secret, token));
        facts.to_text()
    })?;
    Ok(Decision { commit, answer: Ok(secret.expose()) })
}

/// CIBA Core 1.0 §7.1: short, and shown to the user as it is.
fn binding_message(sent: Option<&str>) -> Result<Option<String>, Reason> {
    let Some(text) = sent else { return Ok(None) };
    let is_short = text.chars().count() <= limits::BINDING_MESSAGE_CHARS_MAX;
    if is_short && Shown(text).to_string() == text {
        return Ok(Some(text.to_owned()));
    }
    Err(Reason::BindingMessageInvalid)
}

/// The bearer token by which the client knows the ping of this server (CIBA Core 1.0 §7.1, §10.2).
fn notification_token<'p>(
    client: &AuthenticatedClient,
    sent: Option<&'p str>,
) -> Result<Option<&'p str>, Reason> {
    match client.metadata.backchannel_token_delivery_mode.as_deref() {
        None | Some("poll") => Ok(None),
        Some("ping") => {
            let token = sent.ok_or(Reason::ParameterMissing("client_notification_token"))?;
            let b64token = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
            if token.len() > limits::NOTIFICATION_TOKEN_BYTES_MAX || !token.bytes().all(b64token) {
                return Err(Reason::NotificationTokenInvalid);
            }
            Ok(Some(token))
        }
        Some(_) => Err(Reason::RegistrationNotServed),
    }
}

/// The user, by exactly one hint (CIBA Core 1.0 §7.1). A `login_hint_token` has no format that two servers share.
async fn user(server: &AuthorizationServer, params: &Params<'_>) -> Result<Subject, Error> {
    let subject =
        match (params.get("login_hint"), params.get("id_token_hint"), params.get("login_hint_token")) {
            (Some(hint), None, None) => server.accounts().by_login_hint(hint).await?,
            (None, Some(hint), None) => {
                let hint = id_token::read_hint(server, hint).await?.ok_or(Reason::HintInvalid)?;
                Some(hint.subject)
            }
            (None, None, Some(_)) => return Err(Reason::LoginHintTokenUnsupported.into()),
            (None, None, None) => return Err(Reason::ParameterMissing("login_hint").into()),
            _ => return Err(Reason::UserHintRepeated.into()),
        };
    let subject = subject.ok_or(Reason::UserUnknown)?;
    match server.accounts().standing(&subject).await? {
        Standing::Active => Ok(subject),
        Standing::Disabled | Standing::Gone => Err(Reason::UserUnknown.into()),
    }
}
