//! `POST /register`: a client registers itself (RFC 7591 §3, OpenID Connect Dynamic Client Registration 1.0 §3).

use std::{collections::HashSet, sync::Arc};

use http::{HeaderValue, StatusCode, header};
use protocol::{ClientId, RegistrationToken, ServerMetadata, Timestamp, TokenType, fields};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::{client_configuration, offer::Offer, table::CALL};
use crate::{
    AuthorizationServer,
    answer::{self, Answer, Scheme},
    context::{Cors, Endpoint, Installed, Responder},
    error::Error,
    incoming::{Incoming, RequestHead as _},
    origin::Origin,
    reason::Reason,
    registration::{
        Batch, Credentials, Finding, Findings, MissingSecret, RegistryView, initial_token,
        stranger::{Allowed, Offered, Rejection, Requested, information, lists_redirect_uris, vouched},
    },
    settings::DynamicRegistration,
    settle::{Carried, Decision, settle},
    store::{Client, Commit, Expect, Item, Provenance, Registered, RegistryChange},
    window::{Most, Window},
};

/// The path of the endpoint, and of what is below it for each client.
pub(crate) const PATH: &str = "/register";

/// The window in which registrations are counted, in seconds.
const WINDOW_SECONDS: i64 = 3_600;
/// Seconds in `Retry-After` after too many registrations.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("3600");

/// Installs registration, and the management of what was registered.
pub(crate) fn install(installed: &mut Installed, settings: &DynamicRegistration) {
    let part = Arc::new(Part { settings: settings.clone(), registrations: Window::of(WINDOW_SECONDS) });
    client_configuration::install(installed, settings);
    installed.endpoint(Endpoint {
        path: PATH.into(),
        methods: CALL,
        // Applications in a browser register before any origin of theirs is known. No cookie is read here.
        cors: Cors::Anyone,
        advertise: Box::new(advertise),
        answer: Responder::new(move |server, incoming| {
            let part = Arc::clone(&part);
            Box::pin(async move { part.answer(server, incoming).await })
        }),
    });
}

fn advertise(metadata: &mut ServerMetadata, offer: &Offer<'_>) {
    metadata.registration_endpoint = Some(offer.url.to_owned());
}

struct Part {
    settings: DynamicRegistration,
    /// Those of this hour, of which anybody can send one where registration is open.
    registrations: Window,
}

impl Part {
    async fn answer(&self, server: &AuthorizationServer, incoming: &Incoming) -> Answer {
        let registered = self.register(server, incoming).await;
        told(server, registered, StatusCode::CREATED)
    }

    async fn register(
        &self,
        server: &AuthorizationServer,
        incoming: &Incoming,
    ) -> Result<Result<Saved, Rejection>, Error> {
        let token = if self.settings.needs_token { Some(presented(incoming)?) } else { None };
        let members = members(incoming)?;
        let id = ClientId::new(server.draw_id());
        let requested = match requested(server, &self.settings, members, &id).await? {
            Ok(requested) => requested,
            Err(rejection) => return Ok(Err(rejection)),
        };
        let settings = &self.settings;
        let most = Most { of_block: settings.hourly_per_address_max, of_all: settings.hourly_max };
        let (now, origin) = (server.now(), Origin::of(&incoming.head.extensions));
        if token.is_none() && !self.registrations.admit(origin.counted(), most, now) {
            return Err(Reason::RegistrationsTooMany.into());
        }
        incoming.head.note_client(&id);
        let registered = |token: &RegistrationToken| Registered {
            by: Provenance::SelfRegistered { token: token.handle().digest },
            at: Some(now),
            unused_until: Some(now + self.settings.unused_lifetime),
        };
        let carried = Carried::of(now, &incoming.head, &[]).by(&id);
        settle(server.store(), carried, || async {
            let used = match &token {
                Some(token) => Some(initial_token::redeem(server.store(), token, now).await?),
                None => None,
            };
            let view =
                RegistryView::look(server.store(), server.accounts(), std::slice::from_ref(&id)).await?;
            let token = server.draw(RegistrationToken::mint);
            let mut saved = match record(server, &view, &requested, token) {
                Ok(saved) => saved,
                Err(rejection) => return Ok(Decision::answer(now, Err(rejection))),
            };
            saved.client.registered = registered(&saved.token);
            Ok(Decision { commit: saved.commit(now, Expect::Absent, used), answer: Ok(Ok(saved)) })
        })
        .await
    }
}

/// A registration that is about to be written.
#[derive(Debug)]
pub(super) struct Saved {
    pub(super) client: Client,
    /// The token by which the client manages it.
    pub(super) token: RegistrationToken,
    /// A secret that was made for it.
    secret: Option<Zeroizing<String>>,
    warnings: Vec<Finding>,
}

impl Saved {
    /// What writes it; `used` is the initial access token.
    pub(super) fn commit(&self, now: Timestamp, expect: Expect, used: Option<Item>) -> Commit {
        let mut commit = Commit::new(now);
        commit.push(RegistryChange::PutClient(Box::new(self.client.clone()), expect));
        used.into_iter().for_each(|item| commit.push(item));
        commit
    }
}

/// The members of a body of JSON (RFC 7591 §3.1).
///
/// # Errors
/// [`Reason::RegistrationMalformed`]
pub(super) fn members(incoming: &Incoming) -> Result<Map<String, Value>, Reason> {
    let content_type = incoming.headers().get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    if !fields::without_parameters(content_type).eq_ignore_ascii_case(b"application/json") {
        return Err(Reason::RegistrationMalformed);
    }
    Requested::members(&incoming.body)
}

/// The token of the request.
///
/// # Errors
/// [`Reason::RegistrationTokenMissing`], [`Reason::RegistrationTokenWrong`]
pub(super) fn presented(incoming: &Incoming) -> Result<RegistrationToken, Reason> {
    let presented = incoming.head.access_token().map_err(|reason| match reason {
        Reason::TokenInactive => Reason::RegistrationTokenWrong,
        other => other,
    })?;
    let presented = presented.filter(|presented| presented.scheme == TokenType::Bearer);
    let presented = presented.ok_or(Reason::RegistrationTokenMissing)?;
    RegistrationToken::parse(presented.token).ok_or(Reason::RegistrationTokenWrong)
}

/// Judges what a client asks for itself.
pub(super) async fn requested(
    server: &AuthorizationServer,
    settings: &DynamicRegistration,
    members: Map<String, Value>,
    id: &ClientId,
) -> Result<Result<Requested, Rejection>, Error> {
    let mut members = vouched(server, &settings.statement_issuers, members).await?;
    let signing = server.keys().await?.algorithms().into_iter().map(str::to_owned).collect();
    Offered { signing, auth_methods: settings.policy.auth_methods.clone() }.choose(&mut members);
    if let Err(rejection) = lists_redirect_uris(server, &members).await {
        return Ok(Err(rejection));
    }
    let allowed = Allowed::of(&settings.policy, &*server.registry().resources().await?);
    Ok(Requested::read(members, id, &allowed, server.settings()))
}

/// The record, with the stored credentials or new ones.
pub(super) fn record(
    server: &AuthorizationServer,
    view: &RegistryView,
    requested: &Requested,
    token: RegistrationToken,
) -> Result<Saved, Rejection> {
    let batch = Batch {
        clients: std::slice::from_ref(&requested.registration),
        resources: &[],
        subjects: HashSet::new(),
        deleted: HashSet::new(),
        missing_secret: MissingSecret::Draw,
        applied: false,
    };
    let mut findings = Findings::default();
    let mut credentials = Credentials::new(server.master(), server.draws(), view, batch);
    let client = credentials.client(&requested.registration, &mut findings);
    let Some(client) = client.filter(|_| findings.wrongs.is_empty()) else {
        return Err(Rejection::of(&findings.wrongs));
    };
    let mut warnings = requested.warnings.clone();
    warnings.extend(findings.warnings);
    let secret = credentials.drawn().into_values().next();
    Ok(Saved { client, token, secret, warnings })
}

/// The response to a registration or an update (RFC 7591 §3.2).
pub(super) fn told(
    server: &AuthorizationServer,
    registered: Result<Result<Saved, Rejection>, Error>,
    status: StatusCode,
) -> Answer {
    let saved = match registered {
        Ok(Ok(saved)) => saved,
        Ok(Err(rejection)) => return answer::described_refusal(rejection.reason, &rejection.description()),
        Err(error) => return refused(&error),
    };
    let location = location(server, &saved.client.caller.id);
    let secret = saved.secret.as_deref().map(String::as_str);
    let members = information(&saved.client, secret, &saved.token, &location, &saved.warnings);
    match answer::json(&members) {
        Ok(mut answer) => {
            *answer.status_mut() = status;
            answer
        }
        Err(error) => refused(&error),
    }
}

/// The response to a request that is refused (RFC 7591 §3.2.2, RFC 7592 §2).
pub(super) fn refused(error: &Error) -> Answer {
    let mut answer = answer::json_error(error, Scheme::Token(TokenType::Bearer));
    if matches!(error, Error::Refused(Reason::RegistrationsTooMany)) {
        *answer.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        answer.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
    }
    answer
}

/// Where a client manages its registration (RFC 7592 §3).
pub(super) fn location(server: &AuthorizationServer, id: &ClientId) -> String {
    server.settings().url(&format!("{PATH}/{id}"))
}
