//! Whether the user must be asked, and for what (OpenID Connect Core 1.0 §3.1.2.3, §3.1.2.4).

use std::collections::BTreeSet;

use protocol::{Prompt, Timestamp, scope};

use super::request::AuthorizationRequest;
use crate::{
    AuthorizationServer, acr,
    ask::Ask,
    error::Error,
    ports::Standing,
    reason::Reason,
    session::SignedIn,
    store::{Consent, ScopeAt},
};

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing is left to ask.
    Approve,
    /// A page must be shown.
    Ask(Ask),
    /// A page is needed but not allowed, or the client is no longer allowed what it requests.
    Refuse(Reason),
}

/// Reads what is stored, and applies the rule.
pub(crate) async fn step(
    server: &AuthorizationServer,
    request: &AuthorizationRequest,
    signed_in: Option<&SignedIn>,
    signed_in_at: Option<Timestamp>,
) -> Result<Step, Error> {
    let resources = server.registry().resources().await?;
    let asked = match request.audience(&resources) {
        Ok(audience) => audience.approvals(&request.requested.asked_scopes()),
        Err(reason) => return Ok(Step::Refuse(reason)),
    };
    let mut signed_in = signed_in;
    let mut consent = None;
    if let Some(SignedIn { session, .. }) = signed_in {
        match server.accounts().standing(&session.subject).await? {
            Standing::Active => {
                consent = server.store().consent(&session.subject, request.client.id()).await?
            }
            Standing::Disabled | Standing::Gone => signed_in = None,
        }
    }
    let (asked, consent, now) = (&asked, consent.as_ref(), server.now());
    Ok(needed(&Facts { request, asked, signed_in, signed_in_at, consent, now }))
}

/// The input of the rule.
struct Facts<'a> {
    request: &'a AuthorizationRequest,
    /// What the user must have approved.
    asked: &'a BTreeSet<ScopeAt>,
    signed_in: Option<&'a SignedIn>,
    /// When the user signed in during this interaction, if at all.
    signed_in_at: Option<Timestamp>,
    consent: Option<&'a Consent>,
    now: Timestamp,
}

fn needed(facts: &Facts<'_>) -> Step {
    let silent = facts.request.requested.asks(Prompt::None);
    if must_sign_in(facts) {
        return if silent { Step::Refuse(Reason::LoginRequired) } else { Step::Ask(Ask::SignIn) };
    }
    // Who signed in just now can't do it more strongly.
    if is_weak(facts) {
        return Step::Refuse(Reason::AuthenticationWeak);
    }
    if must_consent(facts) {
        return if silent { Step::Refuse(Reason::ConsentRequired) } else { Step::Ask(Ask::Consent) };
    }
    Step::Approve
}

fn must_sign_in(facts: &Facts<'_>) -> bool {
    let Some(SignedIn { session, .. }) = facts.signed_in else { return true };
    let request = &facts.request.requested;
    let is_fresh = facts.signed_in_at.is_some_and(|at| session.authenticated_at >= at);
    let asks_again = request.asks(Prompt::Login) || request.asks(Prompt::SelectAccount);
    let is_too_old = |max_age: i64| facts.now.since(session.authenticated_at) >= max_age.max(1);
    let is_another = request.expected.as_ref().is_some_and(|expected| *expected != session.subject);
    let is_stale = asks_again || is_weak(facts) || request.max_age.is_some_and(is_too_old);
    (is_stale && !is_fresh) || is_another
}

/// Whether the client requires a stronger authentication than that of the session (OpenID Connect Core 1.0 §5.5.1.1).
fn is_weak(facts: &Facts<'_>) -> bool {
    let required = facts.request.requested.claims.as_ref().map_or(&[][..], |claims| &claims.acr);
    let found = facts.signed_in.and_then(|signed_in| acr::of(&signed_in.session.amr));
    !required.is_empty() && !required.iter().any(|required| found == Some(&**required))
}

/// Asking for `offline_access` always shows the page (OpenID Connect Core 1.0 §11). So does a public client whose
/// redirect URI anybody on the device could serve, whatever type it registered (RFC 8252 §8.6).
fn must_consent(facts: &Facts<'_>) -> bool {
    let AuthorizationRequest { client, return_to, requested } = facts.request;
    if requested.asks(Prompt::Consent) {
        return true;
    }
    if client.skip_consent {
        return false;
    }
    let is_impersonable = client.is_public() && !return_to.uri().starts_with("https://");
    // What is asked for in detail is another thing each time (RFC 9396 §12.2).
    let has_details = !requested.authorization_details.is_empty();
    if is_impersonable || has_details || requested.scopes.contains(scope::OFFLINE_ACCESS) {
        return true;
    }
    !facts.consent.is_some_and(|consent| consent.covers(facts.asked))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use protocol::{ClientId, ClientMetadata, SessionId, Subject};

    use super::*;
    use crate::{
        authorize::return_to::fixture::returnable,
        registry::RegisteredClient,
        store::{Client, Session},
    };

    struct World {
        prompt: &'static str,
        max_age: Option<i64>,
        expected: Option<&'static str>,
        scopes: &'static str,
        session: bool,
        signed_in_at: Option<i64>,
        consent: Option<&'static str>,
        skip_consent: bool,
        /// How the client authenticates, and where it is answered.
        client: (&'static str, &'static str),
    }

    const WEB: (&str, &str) = ("client_secret_basic", "https://c.example/cb");

    const PLAIN: World = World {
        prompt: "",
        max_age: None,
        expected: None,
        scopes: "openid",
        session: true,
        signed_in_at: None,
        consent: Some("openid"),
        skip_consent: false,
        client: WEB,
    };

    fn verdict(world: &World) -> Step {
        let skip_consent = world.skip_consent;
        let (method, redirect_uri) = world.client;
        let token_endpoint_auth_method = Some(method.to_owned());
        let metadata = ClientMetadata { token_endpoint_auth_method, ..ClientMetadata::default() };
        let client = RegisteredClient::read(Client { skip_consent, ..Client::of("c", metadata) });
        let requested = serde_json::from_value(serde_json::json!({
            "scopes": world.scopes, "resources": [], "challenge": null, "nonce": null,
            "max_age": world.max_age, "login_hint": null, "expected": world.expected,
            "prompt": world.prompt.split(' ').filter(|w| !w.is_empty()).collect::<Vec<_>>(),
        }))
        .expect("what is requested");
        let return_to = returnable(redirect_uri);
        let request = AuthorizationRequest { client: Arc::new(client), return_to, requested };
        let session = Session {
            subject: Subject::new("alice"),
            authenticated_at: Timestamp(100),
            amr: "pwd".into(),
            seen_at: Timestamp(100),
            expires_at: Timestamp(10_000),
        };
        let signed_in =
            SignedIn { id: SessionId(1), session, basis: crate::store::UserBasis::Session(SessionId(1)) };
        let consent = world.consent.map(|scopes| Consent {
            subject: Subject::new("alice"),
            client: ClientId::new("c"),
            approved: scopes.split(' ').map(ScopeAt::nowhere).collect(),
            given_at: Timestamp(50),
        });
        let asked = world.scopes.split(' ').map(ScopeAt::nowhere).collect();
        needed(&Facts {
            request: &request,
            asked: &asked,
            signed_in: world.session.then_some(&signed_in),
            signed_in_at: world.signed_in_at.map(Timestamp),
            consent: consent.as_ref(),
            now: Timestamp(160),
        })
    }

    #[test]
    fn a_remembered_consent_of_who_is_signed_in_needs_no_page() {
        assert_eq!(verdict(&PLAIN), Step::Approve);
        assert_eq!(verdict(&World { prompt: "none", ..PLAIN }), Step::Approve);
        assert_eq!(verdict(&World { consent: None, skip_consent: true, ..PLAIN }), Step::Approve);
    }

    #[test]
    fn signing_in_is_asked_for_when_nobody_suitable_is_signed_in() {
        let worlds = [
            World { session: false, ..PLAIN },
            World { prompt: "login", ..PLAIN },
            World { prompt: "select_account", ..PLAIN },
            World { max_age: Some(60), ..PLAIN },
            World { max_age: Some(0), ..PLAIN },
            World { expected: Some("bob"), ..PLAIN },
            World { expected: Some("bob"), signed_in_at: Some(100), ..PLAIN },
        ];
        for world in worlds {
            assert_eq!(verdict(&world), Step::Ask(Ask::SignIn), "{:?}", world.prompt);
        }
        assert_eq!(verdict(&World { max_age: Some(61), ..PLAIN }), Step::Approve);
        assert_eq!(verdict(&World { prompt: "login", signed_in_at: Some(100), ..PLAIN }), Step::Approve);
        assert_eq!(
            verdict(&World { prompt: "login", signed_in_at: Some(101), ..PLAIN }),
            Step::Ask(Ask::SignIn)
        );
    }

    #[test]
    fn consent_is_asked_for_when_it_is_not_remembered_or_must_be_shown() {
        let worlds = [
            World { consent: None, ..PLAIN },
            World { scopes: "openid more", ..PLAIN },
            World { prompt: "consent", ..PLAIN },
            World { scopes: "openid offline_access", consent: Some("openid offline_access"), ..PLAIN },
            World { client: ("none", "http://127.0.0.1:4711/cb"), ..PLAIN },
            World { client: ("none", "http://localhost:3000/cb"), ..PLAIN },
            World { client: ("none", "com.example.app:/cb"), ..PLAIN },
        ];
        for world in worlds {
            assert_eq!(verdict(&world), Step::Ask(Ask::Consent));
        }
    }

    /// RFC 8252 §8.6: only who has no secret, and is answered where any program of the device could listen.
    #[test]
    fn a_client_that_nobody_can_impersonate_is_remembered() {
        for client in [("none", "https://c.example/cb"), ("client_secret_basic", "http://127.0.0.1:4711/cb")]
        {
            assert_eq!(verdict(&World { client, ..PLAIN }), Step::Approve);
        }
    }

    #[test]
    fn prompt_none_never_shows_a_page() {
        let silent = World { prompt: "none", ..PLAIN };
        assert_eq!(verdict(&World { session: false, ..silent }), Step::Refuse(Reason::LoginRequired));
        let silent = World { prompt: "none", consent: None, ..PLAIN };
        assert_eq!(verdict(&silent), Step::Refuse(Reason::ConsentRequired));
    }
}
