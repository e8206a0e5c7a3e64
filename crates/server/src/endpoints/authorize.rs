//! `GET` and `POST /authorize` (RFC 6749 §3.1): the stages of `authorize/` in order, and the interaction if the user
//! must be asked.

use http::request::Parts;
use protocol::{Prompt, ResponseMode, ResponseType, ServerMetadata, scope};

use super::{
    offer::{Offer, names},
    table::BROWSE,
};
use crate::{
    AuthorizationServer, acr,
    answer::Answer,
    ask::Ask,
    authorize::{
        approval, client,
        decision::{self, Step},
        request::{self, AuthorizationRequest},
        source::{self, Parameters, Source},
    },
    context::{Cors, Endpoint, Installed, Responder},
    error::{Error, Fault},
    incoming::{Incoming, RequestHead as _},
    pages::refusal::{PageError, answer_or_page},
    pause::{PendingAuthorization, pause},
    reason::Reason,
    refusal::parameters::{self, Registered},
    session::{self, SignedIn},
    settle::Carried,
    store::Commit,
};

/// The modes that need no setting. A code by any of them is of use only to who has its verifier or secret.
const MODES: [ResponseMode; 7] = [
    ResponseMode::Query,
    ResponseMode::Fragment,
    ResponseMode::FormPost,
    ResponseMode::Jwt,
    ResponseMode::QueryJwt,
    ResponseMode::FragmentJwt,
    ResponseMode::FormPostJwt,
];

pub(crate) fn install(installed: &mut Installed) {
    installed.response_types.extend([ResponseType::Code, ResponseType::None]);
    installed.response_modes.extend(MODES);
    installed.endpoint(Endpoint {
        path: "/authorize".into(),
        methods: BROWSE,
        cors: Cors::Forbidden,
        advertise: Box::new(advertise),
        answer: Responder::new(|server, incoming| Box::pin(authorize(server, incoming))),
    });
}

fn advertise(metadata: &mut ServerMetadata, offer: &Offer<'_>) {
    metadata.authorization_endpoint = Some(offer.url.to_owned());
    metadata.scopes_supported = names([scope::OPENID, scope::OFFLINE_ACCESS]);
    metadata.response_types_supported =
        names(offer.installed.response_types.iter().map(|known| known.as_str()));
    metadata.response_modes_supported =
        names(offer.installed.response_modes.iter().map(|mode| mode.as_str()));
    metadata.authorization_signing_alg_values_supported = offer.client_signing_algorithms();
    metadata.authorization_encryption_alg_values_supported = Offer::encryption_algorithms();
    metadata.authorization_encryption_enc_values_supported = Offer::content_encryptions();
    metadata.code_challenge_methods_supported = names(["S256"]);
    metadata.subject_types_supported = names(["public", "pairwise"]);
    metadata.id_token_signing_alg_values_supported = offer.client_signing_algorithms();
    metadata.id_token_encryption_alg_values_supported = Offer::encryption_algorithms();
    metadata.id_token_encryption_enc_values_supported = Offer::content_encryptions();
    metadata.prompt_values_supported = names(Prompt::ALL.iter().map(|prompt| prompt.as_str()));
    metadata.claims_supported =
        names(["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "sid", "acr", "amr"]);
    metadata.authorization_response_iss_parameter_supported = true;
    metadata.request_parameter_supported = Some(false);
    metadata.request_uri_parameter_supported = Some(false);
    metadata.claims_parameter_supported = Some(true);
    metadata.acr_values_supported = names(acr::ALL);
}

async fn authorize(server: &AuthorizationServer, incoming: &Incoming) -> Answer {
    let answer = respond(server, incoming).await;
    answer_or_page(server, &incoming.head, answer)
}

async fn respond(server: &AuthorizationServer, incoming: &Incoming) -> Result<Answer, PageError> {
    let head = &incoming.head;
    head.check_host(server.settings())?;
    let sent = source::read(incoming)?;
    if sent.returns_to_pause() {
        return Ok(resume(server, head).await?);
    }
    head.note_claimed(sent.get("client_id"));
    let found = match source::resolve(server, &sent).await {
        Ok(found) => found,
        Err(error) => return unresolved(server, &sent, error).await,
    };
    let params = found.unwrap_or(sent);
    let (client, return_to) = client::returnable(server, &params).await?;
    head.note_client(client.id());
    let requested = match request::validate(server, &client, &params).await {
        Ok(requested) => requested,
        Err(Error::Refused(reason)) => {
            let registered = server.registry().resources().await?;
            let registered = Registered { client: &client, resources: &registered, grant_types: &[] };
            head.differs(reason, || parameters::difference(reason, params.params(), &registered));
            return Ok(return_to.refusal(server, reason).await?);
        }
        Err(failed) => return Err(failed.into()),
    };
    let request = AuthorizationRequest { client, return_to, requested };
    if params.source() == Source::Form {
        // A cross-site form carries no `SameSite=Lax` cookie: the browser returns with a GET.
        return wait(server, head, &request, None, None).await;
    }
    let mut signed_in = session::current(server, &head.headers).await?;
    if let Some(signed_in) = &signed_in {
        head.note_subject(&signed_in.session.subject);
    }
    loop {
        match decision::step(server, &request, signed_in.as_ref(), None).await? {
            Step::Refuse(reason) => return Ok(request.return_to.refusal(server, reason).await?),
            Step::Ask(ask) => {
                return wait(server, head, &request, Some(ask), signed_in.as_ref()).await;
            }
            Step::Approve => match approve(server, head, &request, signed_in.take()).await {
                // The user signed out meanwhile: decide again without a session.
                Err(Error::Refused(Reason::SignInOutdated)) => {}
                answer => return Ok(answer?),
            },
        }
    }
}

/// What a reference or an object holds can't be read. Where to answer is known only if that was sent beside it.
async fn unresolved(
    server: &AuthorizationServer,
    sent: &Parameters,
    error: Error,
) -> Result<Answer, PageError> {
    let Error::Refused(reason) = error else { return Err(error.into()) };
    if sent.get("redirect_uri").is_none() {
        return Err(reason.into());
    }
    let (_, return_to) = client::returnable(server, sent).await?;
    Ok(return_to.refusal(server, reason).await?)
}

/// The browser returns with a paused request.
async fn resume(server: &AuthorizationServer, head: &Parts) -> Result<Answer, Error> {
    match server.reopen(head, None).await {
        Err(Error::Refused(Reason::InteractionUnknown)) => server.without_interaction(head).await,
        interaction => interaction?.go_on().await,
    }
}

/// Pauses the request at a page. One that is too long to be kept goes back to the client.
async fn wait(
    server: &AuthorizationServer,
    head: &Parts,
    request: &AuthorizationRequest,
    ask: Option<Ask>,
    signed_in: Option<&SignedIn>,
) -> Result<Answer, PageError> {
    match pause(server, head, PendingAuthorization::new(ask, request), signed_in).await {
        Err(Error::Refused(reason @ Reason::ParameterTooLong(_))) => {
            Ok(request.return_to.refusal(server, reason).await?)
        }
        answer => Ok(answer?),
    }
}

async fn approve(
    server: &AuthorizationServer,
    head: &Parts,
    request: &AuthorizationRequest,
    signed_in: Option<SignedIn>,
) -> Result<Answer, Error> {
    let signed_in = signed_in.ok_or_else(|| Fault::new("an approval without a session"))?;
    let mut commit = Commit::new(server.now());
    commit.writes.extend(signed_in.touch(commit.now).map(Into::into));
    let carried = Carried::of(commit.now, head, &[]);
    approval::approve(server, request, &signed_in, |_| Ok(commit.clone()), carried).await
}
