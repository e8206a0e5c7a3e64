//! The pages as an `axum` router: sign-in, consent, sign-out and their stylesheet.

use std::{net::IpAddr, sync::Arc};

use axum::{
    Router,
    extract::{Request, State},
    routing::get,
};
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use server::{
    Answer, Ask, AuthorizationServer, Error, ErrorPage, Fault, Incoming, OpenInteraction, PeerAddress,
    Reason, RequestId,
};

use crate::{
    authenticate::{Authenticator, SignIn},
    directory::Account,
    pages::{
        Destination, OPEN, ShownClient, StyledPages,
        consent::{ConsentPage, Group, ShownAccount},
        link, logo,
        shown::{NAME_CHARS_MAX, shown},
        sign_in::{self, SignInPage},
        sign_out::{SignOutPage, SignedOutPage},
        style,
    },
};

/// How the user signed in (RFC 8176 §2).
const PASSWORD: &str = "pwd";

/// Seconds in `Retry-After` where too many requests are waiting.
const BUSY_RETRY_AFTER_SECONDS: u64 = 1;

/// The pages, and what they need.
#[derive(Clone, Debug)]
pub struct AccountPages {
    /// The server whose interactions they answer.
    pub server: AuthorizationServer,
    /// Checks passwords.
    pub authenticator: Authenticator,
    /// Renders them.
    pub pages: StyledPages,
}

/// The pages, at the paths of the server's settings, to be mounted at the issuer's path. The host sets
/// [`PeerAddress`] on each request: without it all clients count as one address.
pub fn router(state: AccountPages) -> Router {
    let paths = state.server.settings().pages.clone();
    let page = |ask: Ask| {
        get(move |State(pages): State<Arc<AccountPages>>, request: Request| async move {
            pages.show(ask, request).await
        })
        .post(move |State(pages): State<Arc<AccountPages>>, request: Request| async move {
            pages.submit(ask, request).await
        })
    };
    let signed_out = get(|State(pages): State<Arc<AccountPages>>, request: Request| async move {
        let page = SignedOutPage { frame: pages.pages.frame() };
        let head = request.into_parts().0;
        pages.pages.without_form(&page).unwrap_or_else(|fault| pages.refusal(&head, &fault.into()))
    });
    let router = match state.pages.logo().cloned() {
        Some(logo) => Router::new()
            .route(logo::PATH, get(move |headers: HeaderMap| async move { logo.answer(&headers) })),
        None => Router::new(),
    };
    router
        .route(&paths.sign_in, page(Ask::SignIn))
        .route(&paths.consent, page(Ask::Consent))
        .route(&paths.sign_out, page(Ask::SignOut))
        .route(&paths.signed_out, signed_out)
        .route(style::PATH, get(|headers: HeaderMap| async move { style::answer(&headers) }))
        .with_state(Arc::new(state))
}

impl AccountPages {
    async fn show(&self, ask: Ask, request: Request) -> Answer {
        let head = request.into_parts().0;
        match self.try_show(ask, &head).await {
            Ok(answer) => answer,
            Err(error) => self.refusal(&head, &error),
        }
    }

    async fn submit(&self, ask: Ask, request: Request) -> Answer {
        let (head, body) = request.into_parts();
        let answer = match Incoming::read(Request::from_parts(head.clone(), body)).await {
            Ok(incoming) => self.try_submit(ask, &incoming).await,
            Err(reason) => Err(reason.into()),
        };
        answer.unwrap_or_else(|error| self.refusal(&head, &error))
    }

    async fn try_show(&self, ask: Ask, head: &Parts) -> Result<Answer, Error> {
        let interaction = self.server.interaction(head).await?;
        match interaction.ask() {
            other if other != ask => self.elsewhere(other, head),
            Ask::SignIn => {
                let hint = shown(interaction.login_hint().unwrap_or_default(), NAME_CHARS_MAX);
                Ok(self.sign_in_page(&interaction, &hint, None)?)
            }
            Ask::Consent => self.consent_page(interaction).await,
            Ask::SignOut => {
                let csrf = interaction.csrf();
                let page = SignOutPage { frame: self.pages.frame(), csrf: &csrf };
                Ok(self.pages.with_form(StatusCode::OK, &page, &interaction.form_action())?)
            }
        }
    }

    async fn try_submit(&self, ask: Ask, incoming: &Incoming) -> Result<Answer, Error> {
        let head = &incoming.head;
        let interaction = self.server.interaction(head).await?;
        let params = incoming.form()?;
        interaction.check_form(head, params.get("csrf"))?;
        match interaction.ask() {
            other if other != ask => self.elsewhere(other, head),
            Ask::SignIn => {
                let (username, password) = (params.get("username"), params.get("password"));
                self.sign_in(interaction, head, username.unwrap_or_default(), password).await
            }
            // Another user may have signed in since the page was shown: then it is shown again.
            Ask::Consent if params.get("account").is_some_and(|shown| !is_of(shown, &interaction)) => {
                self.elsewhere(Ask::Consent, head)
            }
            Ask::Consent => match (params.get("decision"), params.get("switch")) {
                (Some("allow"), None) => interaction.approve().await,
                (Some("deny"), None) => interaction.deny().await,
                (None, Some(_)) => interaction.switch_account().await,
                (Some(_), _) | (None, None) => Err(Reason::ParameterMissing("decision").into()),
            },
            Ask::SignOut => interaction.sign_out().await,
        }
    }

    async fn sign_in(
        &self,
        interaction: OpenInteraction,
        head: &Parts,
        username: &str,
        password: Option<&str>,
    ) -> Result<Answer, Error> {
        let Some(password) = password.filter(|_| !username.trim().is_empty()) else {
            return Ok(self.sign_in_page(&interaction, username, Some(sign_in::INCOMPLETE))?);
        };
        let address = head.extensions.get::<PeerAddress>().map_or(UNKNOWN_ADDRESS, |peer| peer.0);
        match self.authenticator.authenticate(self.server.store(), username, password, address).await? {
            SignIn::Proven(_, seen) => match interaction.signed_in(&seen, PASSWORD).await {
                // Another password, or a disabled account, since this one was checked: nobody was signed in.
                Err(Error::Refused(Reason::SignInOutdated)) => {
                    let interaction = self.server.interaction(head).await?;
                    Ok(self.sign_in_page(&interaction, username, Some(sign_in::OUTDATED))?)
                }
                answer => answer,
            },
            SignIn::Wrong => Ok(self.sign_in_page(&interaction, username, Some(sign_in::WRONG))?),
            SignIn::Later(seconds) => Ok(self.too_many(head, seconds)?),
        }
    }

    fn sign_in_page(
        &self,
        interaction: &OpenInteraction,
        username: &str,
        problem: Option<&'static str>,
    ) -> Result<Answer, Fault> {
        let (client, csrf) = (shown_client(interaction), interaction.csrf());
        let page =
            SignInPage { frame: self.pages.frame(), client: client.as_ref(), username, problem, csrf: &csrf };
        let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        self.pages.with_form(status, &page, &interaction.form_action())
    }

    async fn consent_page(&self, interaction: OpenInteraction) -> Result<Answer, Error> {
        let (Some(client), Some(account)) = (shown_client(&interaction), self.account(&interaction).await?)
        else {
            return interaction.switch_account().await;
        };
        let csrf = interaction.csrf();
        let page = ConsentPage {
            frame: self.pages.frame(),
            client: &client,
            subject: account.subject.as_str(),
            account: ShownAccount::of(&account),
            groups: Group::all(interaction.scopes()),
            csrf: &csrf,
        };
        Ok(self.pages.with_form(StatusCode::OK, &page, &interaction.form_action())?)
    }

    /// The account that is signed in. A session can outlive its account.
    async fn account(&self, interaction: &OpenInteraction) -> Result<Option<Account>, Fault> {
        let Some(subject) = interaction.subject() else { return Ok(None) };
        let account = self.authenticator.directory.by_subject(subject).await?;
        Ok(account.filter(|account| !account.disabled))
    }

    /// Redirects to the page that this interaction waits at: the browser's history may lead to others.
    fn elsewhere(&self, ask: Ask, head: &Parts) -> Result<Answer, Error> {
        let settings = self.server.settings();
        let path = match ask {
            Ask::SignIn => &settings.pages.sign_in,
            Ask::Consent => &settings.pages.consent,
            Ask::SignOut => &settings.pages.sign_out,
        };
        let location = format!("{}?{}", settings.url(path), head.uri.query().unwrap_or_default());
        let mut answer = Answer::default();
        *answer.status_mut() = StatusCode::SEE_OTHER;
        let headers = answer.headers_mut();
        headers.insert(header::LOCATION, HeaderValue::from_str(&location).map_err(Fault::new)?);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        Ok(answer)
    }

    fn refusal(&self, head: &Parts, error: &Error) -> Answer {
        let mut answer = match error {
            Error::Refused(Reason::HostMismatch) => {
                self.host_mismatch(head).unwrap_or_else(|fault| self.server.error_page(head, &fault.into()))
            }
            Error::Refused(_) | Error::Failed(_) => self.server.error_page(head, error),
        };
        if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
            answer.headers_mut().insert(header::RETRY_AFTER, BUSY_RETRY_AFTER_SECONDS.into());
        }
        answer
    }

    /// Cookies of this page belong to another host: it links to the same page at the issuer.
    fn host_mismatch(&self, head: &Parts) -> Result<Answer, Fault> {
        let reason = Reason::HostMismatch;
        let path = head.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        self.pages.refusal(&ErrorPage {
            status: StatusCode::BAD_REQUEST.as_u16(),
            slug: reason.slug(),
            code: reason.code().as_str(),
            description: reason.description().to_owned(),
            facts: vec![(OPEN, self.server.settings().url(path))],
            request_id: request_id(head),
        })
    }

    fn too_many(&self, head: &Parts, seconds: u64) -> Result<Answer, Fault> {
        tracing::warn!(reason = TOO_MANY, "refused");
        let mut answer = self.pages.refusal(&ErrorPage {
            status: StatusCode::TOO_MANY_REQUESTS.as_u16(),
            slug: TOO_MANY,
            code: protocol::ErrorCode::TemporarilyUnavailable.as_str(),
            description: "Too many sign-ins failed".to_owned(),
            facts: vec![("Wait", format!("{seconds} s"))],
            request_id: request_id(head),
        })?;
        answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        Ok(answer)
    }
}

/// The slug where an address or account failed too often.
const TOO_MANY: &str = "sign_in_failures_too_many";

/// The address that is counted where the host sets no [`PeerAddress`].
const UNKNOWN_ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);

fn is_of(shown: &str, interaction: &OpenInteraction) -> bool {
    interaction.subject().is_some_and(|subject| subject.as_str() == shown)
}

fn request_id(head: &Parts) -> String {
    head.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default()
}

fn shown_client(interaction: &OpenInteraction) -> Option<ShownClient> {
    let (client, id) = (interaction.client()?, interaction.client_id()?);
    Some(ShownClient {
        name: shown(client.client_name.as_deref().unwrap_or(id.as_str()), NAME_CHARS_MAX),
        destination: Destination::of(interaction.redirect_uri()?),
        policy_uri: link(client.policy_uri.as_deref()),
        tos_uri: link(client.tos_uri.as_deref()),
    })
}

#[cfg(test)]
mod tests;
