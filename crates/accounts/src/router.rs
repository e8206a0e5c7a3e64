//! The pages as an `axum` router: sign-in, consent, sign-out and their stylesheet.

mod device;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    routing::get,
};
use http::{HeaderMap, StatusCode, header, request::Parts};
use protocol::Params;
use server::{
    Answer, Ask, AuthorizationServer, Difference, Error, ErrorPage, Fault, Incoming, OpenInteraction, Origin,
    Reason, Refusal, RequestContext, Severity,
};

use crate::{
    authenticate::{Authenticator, SignIn, WrongSignIn},
    directory::{Account, Username},
    limits::SignInOrigin,
    pages::{
        Destination, Hidden, ShownClient, Stranger, StyledPages,
        account::AccountPage,
        consent::{ConsentPage, Group, ShownAccount, ShownDetails},
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

/// The pages, at the paths of the server's settings, to be mounted at the issuer's path. The host sets a
/// [`RequestContext`](server::RequestContext) on each request: without one, failures are counted by account only.
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
    let account = get(|State(pages): State<Arc<AccountPages>>, request: Request| async move {
        let head = request.into_parts().0;
        pages.account_page(&head).await.unwrap_or_else(|error| pages.refusal(&head, &error))
    });
    let router = match state.pages.logo().cloned() {
        Some(logo) => Router::new()
            .route(logo::PATH, get(move |headers: HeaderMap| async move { logo.answer(&headers) })),
        None => Router::new(),
    };
    // Without the device grant and backchannel authentication, nothing is to be confirmed.
    let (device, backchannel) = (state.server.settings().device, state.server.settings().backchannel);
    let mut router = router;
    if device.is_some() || backchannel.is_some() {
        router = router.route(&paths.device, page(Ask::Confirm));
    }
    if backchannel.is_some() {
        let requests = get(|State(pages): State<Arc<AccountPages>>, request: Request| async move {
            let head = request.into_parts().0;
            pages.requests_page(&head).await.unwrap_or_else(|error| pages.refusal(&head, &error))
        });
        router = router.route(&paths.requests, requests);
    }
    router
        .route(&paths.sign_in, page(Ask::SignIn))
        .route(&paths.consent, page(Ask::Consent))
        .route(&paths.sign_out, page(Ask::SignOut))
        .route(&paths.signed_out, signed_out)
        .route(&paths.account, account)
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
        if ask == Ask::Confirm && device::is_code_page(head) {
            return self.show_code_page(head);
        }
        let interaction = match self.server.reopen(head, None).await {
            Err(Error::Refused(Reason::InteractionUnknown)) => {
                return self.server.without_interaction(head).await;
            }
            interaction => interaction?,
        };
        if !interaction.still_asks().await? {
            return interaction.go_on().await;
        }
        match interaction.ask() {
            other if other != ask => interaction.elsewhere(),
            Ask::SignIn => {
                let hint = shown(interaction.login_hint().unwrap_or_default(), NAME_CHARS_MAX);
                self.sign_in_page(&interaction, &hint, None).await
            }
            Ask::Consent => self.consent_page(interaction).await,
            Ask::Confirm => self.confirm_page(interaction, head).await,
            Ask::SignOut => {
                let page = SignOutPage { frame: self.pages.frame(), hidden: hidden(&interaction)? };
                Ok(self.pages.with_form(StatusCode::OK, &page, &interaction.form_action())?)
            }
        }
    }

    /// What a form sent. Where it was answered by the same form at the same time, or its session ended meanwhile, it is
    /// looked at once more.
    async fn try_submit(&self, ask: Ask, incoming: &Incoming) -> Result<Answer, Error> {
        if ask == Ask::Confirm && device::is_code_page(&incoming.head) {
            return self.enter_code(incoming).await;
        }
        match self.answer_form(ask, incoming).await {
            Err(Error::Refused(Reason::InteractionUnknown)) => self.answer_form(ask, incoming).await,
            answer => answer,
        }
    }

    async fn answer_form(&self, ask: Ask, incoming: &Incoming) -> Result<Answer, Error> {
        let head = &incoming.head;
        let params = incoming.form()?;
        let interaction = match self.server.reopen(head, params.get("request")).await {
            Err(Error::Refused(Reason::InteractionUnknown)) => {
                return self.server.without_interaction(head).await;
            }
            interaction => interaction?,
        };
        interaction.check_form(head, params.get("csrf"))?;
        let cancels = params.get("decision") == Some("cancel");
        match (ask, interaction.ask()) {
            (Ask::SignIn, Ask::SignIn) if cancels => interaction.cancel_sign_in().await,
            (Ask::SignIn, Ask::SignIn) => self.sign_in(interaction, head, &params).await,
            // The first answer to this form, and its cookie, never arrived.
            (Ask::SignIn, Ask::Consent) if interaction.subject().is_none() => {
                self.sign_in(interaction, head, &params).await
            }
            (ask, waits) if ask != waits && interaction.is_past() => interaction.go_on().await,
            (ask, waits) if ask != waits => interaction.elsewhere(),
            // Another user may have signed in since the page was shown: then it is shown again.
            (Ask::Consent | Ask::Confirm, _)
                if params.get("account").is_some_and(|shown| !is_of(shown, &interaction)) =>
            {
                interaction.elsewhere()
            }
            (Ask::Consent | Ask::Confirm, _) => match (params.get("decision"), params.get("switch")) {
                (Some("allow"), None) => interaction.approve().await,
                (Some("deny"), None) => interaction.deny().await,
                (None, Some(_)) => interaction.switch_account().await,
                (Some(_), _) | (None, None) => Err(Reason::ParameterMissing("decision").into()),
            },
            (Ask::SignOut, _) if cancels => interaction.stay().await,
            (Ask::SignOut | Ask::SignIn, _) => interaction.sign_out().await,
        }
    }

    async fn sign_in(
        &self,
        interaction: OpenInteraction,
        head: &Parts,
        params: &Params<'_>,
    ) -> Result<Answer, Error> {
        let username = params.get("username").unwrap_or_default();
        let Some(password) = params.get("password").filter(|_| !username.trim().is_empty()) else {
            return self.sign_in_page(&interaction, username, Some(sign_in::INCOMPLETE)).await;
        };
        let account = Username::parse(username).map(|username| username.canonical()).unwrap_or_default();
        let browser = self.server.known_browser(head, &account);
        let from = SignInOrigin { origin: Origin::of(&head.extensions), browser };
        let seen =
            match self.authenticator.authenticate(self.server.store(), username, password, &from).await? {
                SignIn::Proven(_, seen) => seen,
                SignIn::Wrong(wrong) => {
                    note_failure(head, &wrong);
                    return self.sign_in_page(&interaction, username, Some(sign_in::WRONG)).await;
                }
                SignIn::Later(seconds) => return Ok(self.too_many(head, seconds)?),
            };
        let problem = match interaction.signed_in(&seen, PASSWORD).await {
            // Another password, or a disabled account, since this one was checked: nobody was signed in.
            Err(Error::Refused(Reason::SignInOutdated)) => sign_in::OUTDATED,
            // Nor was somebody else than the client expects.
            Err(Error::Refused(Reason::SubjectMismatch)) => sign_in::UNEXPECTED,
            answer => {
                let mut answer = answer?;
                self.server.remember_browser(head, &account, &mut answer);
                return Ok(answer);
            }
        };
        let interaction = self.server.reopen(head, params.get("request")).await?;
        self.sign_in_page(&interaction, username, Some(problem)).await
    }

    async fn sign_in_page(
        &self,
        interaction: &OpenInteraction,
        username: &str,
        problem: Option<&'static str>,
    ) -> Result<Answer, Error> {
        let client = shown_client(interaction);
        let expected = self.expected(interaction).await?;
        let page = SignInPage {
            frame: self.pages.frame(),
            client: client.as_ref(),
            username,
            problem,
            expected: expected.as_deref(),
            hidden: hidden(interaction)?,
        };
        let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        Ok(self.pages.with_form(status, &page, &interaction.form_action())?)
    }

    /// Whom the client expects, as a page names that user: by an ID token that was sent as a hint.
    async fn expected(&self, interaction: &OpenInteraction) -> Result<Option<String>, Fault> {
        let Some(subject) = interaction.expected() else { return Ok(None) };
        let account = self.authenticator.directory.by_subject(subject).await?;
        let name = account.map(|account| ShownAccount::of(&account).in_words());
        Ok(Some(name.unwrap_or_else(|| "another account".to_owned())))
    }

    /// The page of whoever is signed in; anybody else signs in first.
    async fn account_page(&self, head: &Parts) -> Result<Answer, Error> {
        let account = match self.server.signed_in(head).await? {
            Some(subject) => self.authenticator.directory.by_subject(&subject).await?,
            None => None,
        };
        let Some(account) = account.filter(|account| !account.disabled) else {
            return self.server.without_interaction(head).await;
        };
        let sign_out = self.server.settings().url("/logout");
        let account = ShownAccount::of(&account);
        Ok(self.pages.without_form(&AccountPage {
            frame: self.pages.frame(),
            account,
            sign_out: &sign_out,
        })?)
    }

    async fn consent_page(&self, interaction: OpenInteraction) -> Result<Answer, Error> {
        let (Some(client), Some(account)) = (shown_client(&interaction), self.account(&interaction).await?)
        else {
            return interaction.switch_account().await;
        };
        let page = ConsentPage {
            frame: self.pages.frame(),
            client: &client,
            subject: account.subject.as_str(),
            account: ShownAccount::of(&account),
            groups: Group::all(interaction.scopes()),
            details: ShownDetails::all(interaction.authorization_details()),
            hidden: hidden(&interaction)?,
        };
        Ok(self.pages.with_form(StatusCode::OK, &page, &interaction.form_action())?)
    }

    /// The account that is signed in. A session can outlive its account.
    async fn account(&self, interaction: &OpenInteraction) -> Result<Option<Account>, Fault> {
        let Some(subject) = interaction.subject() else { return Ok(None) };
        let account = self.authenticator.directory.by_subject(subject).await?;
        Ok(account.filter(|account| !account.disabled))
    }

    fn refusal(&self, head: &Parts, error: &Error) -> Answer {
        let mut answer = self.server.error_page(head, error);
        if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
            answer.headers_mut().insert(header::RETRY_AFTER, BUSY_RETRY_AFTER_SECONDS.into());
        }
        answer
    }

    fn too_many(&self, head: &Parts, seconds: u64) -> Result<Answer, Fault> {
        if let Some(context) = RequestContext::of(&head.extensions) {
            let (slug, rule) = SIGN_IN_FAILURES_TOO_MANY;
            context.refuse(Refusal { slug, rule, severity: Severity::Suspicious, difference: None });
        }
        let mut answer = self.pages.refusal(&ErrorPage {
            status: StatusCode::TOO_MANY_REQUESTS.as_u16(),
            slug: SIGN_IN_FAILURES_TOO_MANY.0,
            code: protocol::ErrorCode::TemporarilyUnavailable.as_str(),
            description: "Too many sign-ins failed".to_owned(),
            facts: vec![("Wait", format!("{seconds} s"))],
            request_id: request_id(head),
        })?;
        answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        Ok(answer)
    }
}

/// The slug and the rule of a refusal where sign-ins of one account, or from one address, failed too often.
pub const SIGN_IN_FAILURES_TOO_MANY: (&str, &str) = (
    "sign_in_failures_too_many",
    "Sign-ins of one account, and from one address, may fail only so often in a minute (NIST SP 800-63B §5.2.2).",
);

/// The slug and the rule of a refusal where a sign-in failed.
pub const SIGN_IN_FAILED: (&str, &str) =
    ("sign_in_failed", "Name and password are those of an active account (NIST SP 800-63B §5.1.1.2).");

/// Notes a failed sign-in for the log. The form is shown again, and tells every user the same.
fn note_failure(head: &Parts, wrong: &WrongSignIn) {
    let Some(context) = RequestContext::of(&head.extensions) else { return };
    if let Some(subject) = wrong.subject() {
        context.set_subject(subject);
    }
    let (sent, expected) = wrong.difference();
    let (slug, rule) = SIGN_IN_FAILED;
    let difference = Some(Difference::new("username and password", sent, expected));
    context.refuse(Refusal { slug, rule, severity: Severity::Plain, difference });
}

fn is_of(shown: &str, interaction: &OpenInteraction) -> bool {
    interaction.subject().is_some_and(|subject| subject.as_str() == shown)
}

/// The hidden fields of its forms.
fn hidden(interaction: &OpenInteraction) -> Result<Hidden, Fault> {
    Ok(Hidden { csrf: interaction.csrf(), request: interaction.request()? })
}

fn request_id(head: &Parts) -> String {
    RequestContext::of(&head.extensions).map(|context| context.id().to_owned()).unwrap_or_default()
}

fn shown_client(interaction: &OpenInteraction) -> Option<ShownClient> {
    let (client, id) = (interaction.client()?, interaction.client_id()?);
    let destination = interaction.redirect_uri().map_or(Destination::Elsewhere, Destination::of);
    Some(ShownClient {
        name: shown(client.client_name.as_deref().unwrap_or(id.as_str()), NAME_CHARS_MAX),
        destination,
        policy_uri: link(client.policy_uri.as_deref()),
        tos_uri: link(client.tos_uri.as_deref()),
        stranger: Stranger::of(id.as_str(), interaction.provenance()?, interaction.client_age()),
    })
}

#[cfg(test)]
mod tests;
