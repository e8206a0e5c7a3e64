//! The ways a client may obtain tokens: one file per `grant_type`.

pub mod authorization_code;
pub mod client_credentials;
pub mod refresh_token;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use protocol::{GrantType, Params, Timestamp};

use crate::{
    AuthorizationServer,
    clients::AuthenticatedClient,
    error::{Error, Fault},
    reason::Reason,
    store::{Change, Commit, Remember},
    tokens::Issued,
};

/// Decisions that are tried when somebody else gets there first, or an id is taken.
pub(crate) const ATTEMPTS_MAX: usize = 3;

/// Answers token requests of one `grant_type`.
#[async_trait]
pub trait GrantHandler: Send + Sync + 'static {
    /// Which one.
    fn grant_type(&self) -> GrantType;

    /// Looks at what is remembered and decides. Deciding changes nothing: the caller commits.
    async fn decide(
        &self,
        server: &AuthorizationServer,
        request: &TokenRequest<'_>,
    ) -> Result<Decision<Issued>, Error>;
}

/// A token request whose client is known.
#[derive(Debug)]
pub struct TokenRequest<'a> {
    /// Who asks.
    pub client: AuthenticatedClient,
    /// What it sent.
    pub params: &'a Params<'a>,
    /// When.
    pub now: Timestamp,
}

impl TokenRequest<'_> {
    /// A parameter that must be there.
    pub(crate) fn require(&self, name: &'static str) -> Result<&str, Reason> {
        self.params.get(name).ok_or(Reason::ParameterMissing(name))
    }
}

/// What to remember, and what to answer. A refusal may need remembering too.
#[derive(Debug)]
pub struct Decision<A> {
    /// What must be written before the answer is given.
    pub commit: Commit,
    /// What the client reads.
    pub answer: Result<A, Reason>,
}

impl<A> Decision<A> {
    /// An answer that needs nothing remembered.
    pub fn answer(now: Timestamp, answer: A) -> Self {
        Self { commit: Commit::new(now), answer: Ok(answer) }
    }

    /// A refusal that needs nothing remembered.
    pub fn refuse(now: Timestamp, reason: Reason) -> Self {
        Self { commit: Commit::new(now), answer: Err(reason) }
    }
}

/// Decides and commits; when somebody else got there first, looks again.
///
/// What the authentication wants remembered goes first into every commit, that of a refusal included, and a conflict
/// there is the refusal itself.
pub(crate) async fn settle<'a, A>(
    server: &AuthorizationServer,
    remember: Option<&Remember>,
    decide: impl Fn() -> BoxFuture<'a, Result<Decision<A>, Error>>,
) -> Result<A, Error> {
    for _ in 0..ATTEMPTS_MAX {
        let Decision { mut commit, answer } = match decide().await {
            Ok(decision) => decision,
            Err(Error::Refused(reason)) => Decision::refuse(server.now(), reason),
            Err(failed @ Error::Failed(_)) => return Err(failed),
        };
        if let Some(remember) = remember {
            commit.guards.insert(0, Change::Once(remember.clone()));
        }
        if commit.is_empty() {
            return answer.map_err(Error::Refused);
        }
        match server.store().commit(commit).await? {
            Ok(()) => return answer.map_err(Error::Refused),
            Err(conflict) => match remember {
                Some(remember) if conflict.guard == 0 => return Err(remember.replayed.into()),
                Some(_) | None => {}
            },
        }
    }
    Err(Fault::Busy("no decision held").into())
}
