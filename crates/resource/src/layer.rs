//! The guard as a `tower` layer: what is behind it is reached with an accepted token and not otherwise.

use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::header::{CACHE_CONTROL, HeaderValue};
use http::request::Parts;
use http::{Extensions, HeaderMap, Request, Response};
use http_body_util::{Either, Full};
use protocol::Scopes;
use tower_layer::Layer;
use tower_service::Service;

use crate::challenge::Denied;
use crate::dpop::NONCE_HEADER;
use crate::guard::Guard;
use crate::policy::Policy;
use crate::reason::Reason;
use crate::token::Token;

/// A layer that lets only accepted tokens through that are enough for its policy. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Require {
    guard: Guard,
    policy: Policy,
    optional: bool,
    asked: Option<Scopes>,
}

impl Require {
    pub(crate) fn new(guard: Guard, policy: Policy) -> Self {
        Self { guard, policy, optional: false, asked: None }
    }

    /// Lets requests without any token through as well: for handlers that take `Option<Token>`. A token that is not
    /// accepted is still refused.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Tells whoever has no token that is accepted to ask for one with these scopes, beside those that the guard
    /// demands of every request.
    pub(crate) fn asking(mut self, scopes: Scopes) -> Self {
        self.asked = Some(scopes);
        self
    }

    pub(crate) fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Judges the request, or takes over what an outer layer of the same guard found. Gives the nonce that the answer
    /// is to bring.
    pub(crate) async fn admit(&self, head: &mut Parts) -> Result<Option<HeaderValue>, Denied> {
        let known = match head.extensions.get::<Passed>() {
            Some(Passed::Token(token)) if token.is_of(&self.guard) => Some(token.clone()),
            Some(_) | None => None,
        };
        let judged = match known {
            Some(token) => Ok(token.with(head.method.clone())),
            None => self.guard.check_asking(head, self.asked.as_ref()).await,
        };
        let mut nonce = None;
        let passed = match judged {
            Ok(token) => {
                token.demand(&self.policy)?;
                nonce = token.dpop_nonce().and_then(|text| HeaderValue::from_str(text).ok());
                Passed::Token(token)
            }
            Err(denied) if self.optional && denied.reason() == Reason::TokenMissing => {
                Passed::Nobody(self.guard.clone())
            }
            Err(denied) => return Err(denied),
        };
        head.extensions.insert(passed);
        Ok(nonce)
    }
}

/// Adds the one `DPoP-Nonce` (RFC 9449 §8.2), and keeps the answer from caches where nobody decided about that.
pub(crate) fn bring(headers: &mut HeaderMap, nonce: Option<HeaderValue>) {
    let Some(nonce) = nonce else { return };
    headers.insert(NONCE_HEADER, nonce);
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
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
                Ok(nonce) => {
                    let mut response = inner.call(Request::from_parts(head, body)).await?;
                    bring(response.headers_mut(), nonce);
                    Ok(response.map(Either::Left))
                }
                Err(denied) => Ok(denied.response().map(Either::Right)),
            }
        }
        .boxed()
    }
}
