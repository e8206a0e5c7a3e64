//! Where the parameters of an authorization request come from.

use http::Method;
use jose::Thumbprint;
use protocol::Params;

use crate::{
    AuthorizationServer,
    context::{FoundParams, PushedKey},
    error::Error,
    incoming::Incoming,
    reason::Reason,
    store::Remember,
};

/// Where parameters were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The query of a GET (RFC 6749 §3.1).
    Query,
    /// The form of a POST (OpenID Connect Core 1.0 §3.1.2.1).
    Form,
    /// The form of a POST to the pushed authorization request endpoint (RFC 9126 §2.1).
    Pushed,
}

/// The parameters of one request, and their source. They own their text, since a source need not be the message itself.
#[derive(Debug)]
pub(crate) struct Parameters {
    source: Source,
    params: Params<'static>,
    pushed: Option<PushedKey>,
    is_signed: bool,
    once: Option<Remember>,
    proven: Option<Thumbprint>,
}

impl Parameters {
    pub(crate) fn new(source: Source, params: Params<'_>) -> Self {
        Self { source, params: params.into_owned(), pushed: None, is_signed: false, once: None, proven: None }
    }

    /// The same with the key that the sender of a pushed request proved to hold (RFC 9449 §10.1).
    pub(crate) fn proving(self, proven: Option<Thumbprint>) -> Self {
        Self { proven, ..self }
    }

    /// The key that the sender of a pushed request proved to hold.
    pub(crate) fn proven(&self) -> Option<Thumbprint> {
        self.proven
    }

    /// The key of the pushed request that they are from (RFC 9126).
    pub(crate) fn pushed(&self) -> Option<&PushedKey> {
        self.pushed.as_ref()
    }

    /// Whether they are, or will be, those of a pushed request.
    pub(crate) fn is_pushed(&self) -> bool {
        self.source == Source::Pushed || self.pushed.is_some()
    }

    /// What makes them single-use, if anything does: the `jti` of their object.
    pub(crate) fn once(&self) -> Option<&Remember> {
        self.once.as_ref()
    }

    /// Whether the client signed them (RFC 9101).
    pub(crate) fn is_signed(&self) -> bool {
        self.is_signed
    }

    /// Where they were sent.
    pub(crate) fn source(&self) -> Source {
        self.source
    }

    /// The value of a name, if it was sent and isn't empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.params.get(name)
    }

    /// The parameters themselves.
    pub(crate) fn params(&self) -> &Params<'static> {
        &self.params
    }

    /// A parameter that must be there.
    pub(crate) fn require(&self, name: &'static str) -> Result<&str, Reason> {
        self.get(name).ok_or(Reason::ParameterMissing(name))
    }

    /// Whether the browser returns with a paused request on which nothing was decided yet, instead of a new one.
    pub(crate) fn returns_to_pause(&self) -> bool {
        let is_new = self.get("client_id").is_some();
        self.source == Source::Query && self.get("interaction").is_some() && !is_new
    }

    /// Every value of a repeatable name, in order.
    pub(crate) fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        self.params.all(name)
    }
}

/// Reads the parameters of a reference or an object, if such were sent instead of the parameters themselves.
pub(crate) async fn resolve(
    server: &AuthorizationServer,
    sent: &Parameters,
) -> Result<Option<Parameters>, Error> {
    let source = server.installed().sources.iter().find(|source| source.reads(&sent.params));
    let Some(source) = source else { return Ok(None) };
    let FoundParams { params, pushed, is_signed, once } = source.read(server, &sent.params).await?;
    Ok(Some(Parameters { source: sent.source, params, pushed, is_signed, once, proven: sent.proven }))
}

/// Reads the parameters as they were sent.
pub(crate) fn read(incoming: &Incoming) -> Result<Parameters, Reason> {
    let (source, params) = match incoming.head.method {
        Method::POST => (Source::Form, incoming.form()?),
        _ => (Source::Query, incoming.query()?),
    };
    Ok(Parameters::new(source, params))
}
