//! Everything that ends races with everything that begins: once an end was answered, what depends on it is ended, or
//! was never written.

use std::sync::Arc;

use protocol::{ClientId, GrantId, SessionId};
use server::{
    Ask, DeviceFlow,
    ports::Standing,
    store::{Of, SeenSubject, Why},
};

use super::Fixture;
use crate::server::{
    Authorize, Browser, Code, Landing, Reply, Running, TestServer, confidential, resource, subject,
};

/// Rounds of each pair.
const ROUNDS: usize = 200;
/// Steps that the check of a password takes, during which an end can come.
const PASSWORD_STEPS: usize = 8;
/// What begins.
const BEGINNINGS: [Beginning; 5] =
    [Beginning::SignIn, Beginning::Approval, Beginning::Redemption, Beginning::Refresh, Beginning::Device];
/// The scope of every request. Without `openid`, a refresh token needs no `offline_access`.
const SCOPE: &str = "email";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    PasswordChange,
    AccountDisabled,
    AccountDeleted,
    SignOut,
    SessionKilled,
    ClientDisabled,
    GrantRevoked,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beginning {
    SignIn,
    Approval,
    Redemption,
    Refresh,
    /// The approval of what a device asks for, and its poll.
    Device,
}

impl Ending {
    fn is_of_the_subject(self) -> bool {
        matches!(self, Self::PasswordChange | Self::AccountDisabled | Self::AccountDeleted)
    }

    fn is_of_the_session(self) -> bool {
        matches!(self, Self::SignOut | Self::SessionKilled)
    }

    /// Whether what began depends on what ended. A user who signs in again after a sign-out has a new session, and a
    /// revoked grant does not prevent another one.
    fn ends(self, beginning: Beginning) -> bool {
        match beginning {
            Beginning::SignIn => self.is_of_the_subject() || self == Self::ClientDisabled,
            Beginning::Approval => self != Self::GrantRevoked,
            Beginning::Redemption | Beginning::Refresh => true,
            // A device is not signed out by the browser that allowed it.
            Beginning::Device => self.is_of_the_subject() || self == Self::ClientDisabled,
        }
    }
}

/// A round: a user with a session, a grant with its tokens, and a request that is about to begin something.
struct Round {
    server: Running,
    browser: Browser,
    session: SessionId,
    /// The tokens of the first grant.
    tokens: Reply,
    /// The grant that the request depends on: the first one, or that of the code.
    grant: GrantId,
    request: Request,
}

/// What is about to begin.
#[derive(Clone)]
enum Request {
    /// At the sign-in page with this URL; the user was seen before the password was checked.
    SignIn {
        browser: Browser,
        asked: Authorize,
        url: String,
        seen: SeenSubject,
    },
    /// At the consent page with this URL.
    Approval {
        asked: Authorize,
        url: String,
    },
    Redemption(Code),
    Refresh(String),
    /// At the page with this URL that asks for a device with this code.
    Device {
        url: String,
        device_code: String,
    },
}

/// What a request left.
#[derive(Default)]
struct Left {
    code: Option<Code>,
    tokens: Option<Reply>,
}

impl Round {
    async fn new(server: &Running, ending: Ending, beginning: Beginning, number: usize) -> Self {
        let alice = subject("alice");
        server.accounts.set_standing("alice", Standing::Active);
        // Ids contain the time: those of one second are not all to be different by chance.
        server.clock.advance(1);
        let browser = server.browser().sign_in("alice");
        let tokens = browser.authorize("shop").scope(SCOPE).tokens().await;
        let first = Self::grants(server).await;
        let request = match beginning {
            Beginning::SignIn => {
                let is_same = ending.is_of_the_session() || number.is_multiple_of(2);
                let user = if is_same { browser.clone() } else { server.browser().sign_in("alice") };
                // A consent page in between leaves a session without a grant.
                let prompt = if number % 4 < 2 { "login" } else { "login consent" };
                let asked = user.authorize("shop").scope(SCOPE).param("prompt", prompt);
                let url = asked.clone().until(Ask::SignIn).await.url;
                let seen = server.seen(&alice).await;
                Request::SignIn { browser: user.without_user(), asked, url, seen }
            }
            Beginning::Approval => {
                let asked = browser.authorize("shop").scope(SCOPE).param("prompt", "consent");
                let url = asked.clone().until(Ask::Consent).await.url;
                Request::Approval { asked, url }
            }
            Beginning::Redemption => Request::Redemption(browser.authorize("shop").scope(SCOPE).code().await),
            Beginning::Refresh => Request::Refresh(tokens.member("refresh_token")),
            Beginning::Device => {
                let asked = server.device_authorization("shop").param("scope", SCOPE).send().await;
                let user_code = asked.member("user_code");
                let page = browser.enter_user_code_until(&user_code, Some(Ask::Confirm), None).await;
                Request::Device { url: page.url, device_code: asked.member("device_code") }
            }
        };
        let sessions = server.store.list_sessions(Some(&alice), None, 9).await.expect("the store works");
        let (session, _) = sessions.first().expect("a session");
        let grants = Self::grants(server).await;
        let of_the_code = grants.iter().find(|grant| !first.contains(grant));
        let grant = *of_the_code.or(first.first()).expect("a grant");
        Self {
            server: server.clone(),
            browser: browser.without_user(),
            session: *session,
            tokens,
            grant,
            request,
        }
    }

    async fn grants(server: &Running) -> Vec<GrantId> {
        let of = Of::Subject(subject("alice"));
        let grants = server.store.list_grants(Some(&of), None, 9).await.expect("the store works");
        grants.into_iter().map(|grant| grant.id).collect()
    }

    /// Ends what is to end, and returns when it was answered.
    async fn end(&self, ending: Ending) {
        let end = |of, why| async move {
            self.server.authorization_server.end(of, why).await.expect("the store works");
        };
        let alice = Of::Subject(subject("alice"));
        match ending {
            Ending::PasswordChange => end(alice, Why::PasswordChanged).await,
            Ending::AccountDisabled => {
                self.server.accounts.set_standing("alice", Standing::Disabled);
                end(alice, Why::AccountDisabled).await;
            }
            Ending::AccountDeleted => {
                self.server.accounts.set_standing("alice", Standing::Gone);
                end(alice, Why::AccountDeleted).await;
            }
            Ending::SignOut => {
                self.browser.open(&format!("{}/logout", self.server.issuer())).await;
            }
            Ending::SessionKilled => end(Of::Session(self.session), Why::SessionKilled).await,
            Ending::ClientDisabled => {
                self.server.put_client(confidential("shop").disabled()).await;
                end(Of::Client(ClientId::new("shop")), Why::ClientDisabled).await;
            }
            Ending::GrantRevoked => end(Of::Grant(self.grant), Why::Revoked).await,
        }
    }

    /// Sends the request.
    async fn begin(&self) -> Left {
        match self.request.clone() {
            Request::SignIn { browser, asked, url, seen } => {
                let Ok(open) = browser.interaction(&url).await else { return Left::default() };
                for _ in 0..PASSWORD_STEPS {
                    tokio::task::yield_now().await;
                }
                let Ok(answer) = open.signed_in(&seen, "pwd").await else { return Left::default() };
                let reply = Reply::read(answer, self.server.issuer()).await;
                browser.keep_cookies(&reply);
                match reply.header("location").map(str::to_owned) {
                    Some(location) if location.starts_with(self.server.issuer()) => {
                        Left::at(&asked, &browser.open(&location).await)
                    }
                    Some(location) => Left::at(&asked, &Landing::at(&location, Vec::new(), None)),
                    None => Left::default(),
                }
            }
            Request::Approval { asked, url } => Left::at(&asked, &self.browser.open(&url).await),
            Request::Redemption(code) => Left::with(self.server.redeem(&code).await),
            Request::Refresh(token) => Left::with(self.server.refresh("shop", &token).await),
            Request::Device { url, device_code } => {
                self.browser.open(&url).await;
                Left::with(self.server.poll("shop", &device_code).send().await)
            }
        }
    }

    /// Makes sure that nothing that depended on what ended is alive, even if the account or the client is enabled again.
    async fn check(&self, ending: Ending, beginning: Beginning, left: Left) -> Result<(), &'static str> {
        self.server.accounts.set_standing("alice", Standing::Active);
        self.server.put_client(confidential("shop")).await;
        if ending.ends(beginning) {
            if let Some(code) = left.code
                && self.server.redeem(&code).await.status() == 200
            {
                return Err("a code was redeemed afterwards");
            }
            if let Some(tokens) = left.tokens {
                self.are_dead(&tokens).await?;
            } else if let Request::Device { device_code, .. } = &self.request
                && self.server.poll("shop", device_code).send().await.status() == 200
            {
                return Err("a device code was redeemed afterwards");
            }
        }
        if ending != Ending::GrantRevoked || beginning != Beginning::Redemption {
            self.are_dead(&self.tokens).await?;
        }
        let sessions = self.server.store.list_sessions(Some(&subject("alice")), None, 9).await;
        let is_alive = sessions.expect("the store works").iter().any(|(id, _)| *id == self.session);
        if is_alive && (ending.is_of_the_subject() || ending.is_of_the_session()) {
            return Err("the session is alive");
        }
        Ok(())
    }

    async fn are_dead(&self, tokens: &Reply) -> Result<(), &'static str> {
        if self.server.is_active(&tokens.member("access_token"), "api").await {
            return Err("an access token is active");
        }
        if self.server.refresh("shop", &tokens.member("refresh_token")).await.status() == 200 {
            return Err("a refresh token was redeemed afterwards");
        }
        Ok(())
    }
}

impl Left {
    /// What a client got at the end of an authorization request.
    fn at(asked: &Authorize, landing: &Landing) -> Self {
        Self { code: landing.param("code").map(|_| asked.code_of(landing)), tokens: None }
    }

    /// What a client got from the token endpoint.
    fn with(reply: Reply) -> Self {
        Self { code: None, tokens: (reply.status() == 200).then_some(reply) }
    }
}

async fn race(f: &Fixture, ending: Ending) {
    let api = resource("https://api.example", SCOPE).caller("api");
    let server = TestServer::new().store(f.store.clone()).client(confidential("shop")).resource(api);
    let server = server.settings(|settings| settings.device = Some(DeviceFlow::default()));
    let server = server.account("alice").start().await;
    for beginning in BEGINNINGS {
        for number in 0..ROUNDS {
            let round = Arc::new(Round::new(&server, ending, beginning, number).await);
            let begun = tokio::spawn({
                let round = round.clone();
                async move { round.begin().await }
            });
            // The end comes a little later in each of sixteen rounds, so that it meets every step of the request.
            for _ in 0..number % 16 {
                tokio::task::yield_now().await;
            }
            let ended = tokio::spawn({
                let round = round.clone();
                async move { round.end(ending).await }
            });
            ended.await.expect("it ends");
            let left = begun.await.expect("it begins");
            let outcome = round.check(ending, beginning, left).await;
            assert_eq!(outcome, Ok(()), "{ending:?} and {beginning:?}, round {number}");
            let of = Of::Subject(subject("alice"));
            server.authorization_server.end(of, Why::Host).await.expect("the store works");
        }
    }
}

pub async fn what_begins_ends_with_a_password_change(f: Fixture) {
    race(&f, Ending::PasswordChange).await;
}

pub async fn what_begins_ends_with_a_disabled_account(f: Fixture) {
    race(&f, Ending::AccountDisabled).await;
}

pub async fn what_begins_ends_with_a_deleted_account(f: Fixture) {
    race(&f, Ending::AccountDeleted).await;
}

pub async fn what_begins_ends_with_a_sign_out(f: Fixture) {
    race(&f, Ending::SignOut).await;
}

pub async fn what_begins_ends_with_a_killed_session(f: Fixture) {
    race(&f, Ending::SessionKilled).await;
}

pub async fn what_begins_ends_with_a_disabled_client(f: Fixture) {
    race(&f, Ending::ClientDisabled).await;
}

pub async fn what_begins_ends_with_a_revoked_grant(f: Fixture) {
    race(&f, Ending::GrantRevoked).await;
}
