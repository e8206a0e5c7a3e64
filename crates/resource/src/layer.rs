//! The guard as a `tower` layer: what is behind it is reached with an accepted token and not otherwise.

use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::request::Parts;
use http::{Extensions, Request, Response};
use http_body_util::{Either, Full};
use protocol::Scopes;
use tower_layer::Layer;
use tower_service::Service;

use crate::challenge::Denied;
use crate::guard::Guard;
use crate::reason::Reason;
use crate::token::Token;

/// A layer that lets only accepted tokens through, with the scopes that it demands. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Require {
    guard: Guard,
    scopes: Scopes,
    optional: bool,
}

impl Require {
    /// Text that is no scope demands a scope that no token can hold: such a route stays shut.
    pub(crate) fn new(guard: Guard, scopes: &str) -> Self {
        let scopes = Scopes::parse(scopes).unwrap_or_else(|error| {
            tracing::error!(scopes, %error, "a route demands a scope that no token can hold");
            Scopes::stored(scopes)
        });
        Self { guard, scopes, optional: false }
    }

    /// Lets requests without any token through as well: for handlers that take `Option<Token>`. A token that is not
    /// accepted is still refused.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Judges the request, or takes over what an outer layer of the same guard found.
    pub(crate) async fn admit(&self, head: &mut Parts) -> Result<(), Denied> {
        let known = match head.extensions.get::<Passed>() {
            Some(Passed::Token(token)) if token.is_of(&self.guard) => Some(token.clone()),
            Some(_) | None => None,
        };
        let judged = match known {
            Some(token) => Ok(token),
            None => self.guard.check(head).await,
        };
        let passed = match judged {
            Ok(token) => {
                token.demand(&self.scopes)?;
                Passed::Token(token)
            }
            Err(denied) if self.optional && denied.reason() == Reason::TokenMissing => {
                Passed::Nobody(self.guard.clone())
            }
            Err(denied) => return Err(denied),
        };
        head.extensions.insert(passed);
        Ok(())
    }
}

/// What a layer found. Nothing outside of this crate can make one.
#[derive(Clone, Debug)]
enum Passed {
    /// An accepted token.
    Token(Token),
    /// No token, on a route where it is optional; the guard, to challenge whoever needs one after all.
    Nobody(Guard),
}

impl Token {
    /// The token that the layer around this service accepted, from the extensions of the request.
    ///
    /// # Errors
    ///
    /// [`Reason::GuardMissing`] (500) where no layer is: nothing was checked, so nothing is let through.
    /// [`Reason::TokenMissing`] (401) where none came and the layer lets that pass.
    pub fn of(extensions: &Extensions) -> Result<Self, Denied> {
        match extensions.get::<Passed>() {
            Some(Passed::Token(token)) => Ok(token.clone()),
            Some(Passed::Nobody(guard)) => Err(guard.deny(Reason::TokenMissing, &Scopes::default())),
            None => Err(Denied::without_guard()),
        }
    }

    /// As [`Token::of`], but nothing where none came, which only a layer made by [`Require::optional`] lets pass.
    ///
    /// # Errors
    ///
    /// [`Reason::GuardMissing`] (500) where no layer is.
    pub fn optional_of(extensions: &Extensions) -> Result<Option<Self>, Denied> {
        match extensions.get::<Passed>() {
            Some(Passed::Token(token)) => Ok(Some(token.clone())),
            Some(Passed::Nobody(_)) => Ok(None),
            None => Err(Denied::without_guard()),
        }
    }
}

impl<S> Layer<S> for Require {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { rule: self.clone(), inner }
    }
}

/// A service behind a guard.
#[derive(Clone, Debug)]
pub struct Guarded<S> {
    rule: Require,
    inner: S,
}

impl<S, B, A> Service<Request<B>> for Guarded<S>
where
    S: Service<Request<B>, Response = Response<A>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
{
    type Response = Response<Either<A, Full<Bytes>>>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The service that was polled ready is the one to call; its clone takes its place (tower's own advice).
        let waiting = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, waiting);
        let rule = self.rule.clone();
        async move {
            let (mut head, body) = request.into_parts();
            match rule.admit(&mut head).await {
                Ok(()) => Ok(inner.call(Request::from_parts(head, body)).await?.map(Either::Left)),
                Err(denied) => Ok(denied.response().map(Either::Right)),
            }
        }
        .boxed()
    }
}
