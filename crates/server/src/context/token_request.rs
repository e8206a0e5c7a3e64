//! What a grant receives.

use jose::Thumbprint;
use protocol::{Confirmation, Params, Timestamp};

use crate::{clients::AuthenticatedClient, incoming::Incoming, reason::Reason};

/// A token request whose client is authenticated.
#[derive(Debug)]
pub struct TokenRequest<'a> {
    /// The client.
    pub client: AuthenticatedClient,
    /// The parameters of the request.
    pub params: &'a Params<'a>,
    /// The head of the request: its headers, and the address of the client.
    pub incoming: &'a Incoming,
    /// When it was received.
    pub now: Timestamp,
    /// What the tokens are bound to.
    pub(crate) confirmation: Option<Box<Confirmation>>,
}

impl TokenRequest<'_> {
    /// The keys that the sender of the request holds, and that its tokens are bound to (RFC 9449 §5, RFC 8705 §3).
    pub fn confirmation(&self) -> Option<&Confirmation> {
        self.confirmation.as_deref()
    }

    /// Whether the sender holds every key that a code or refresh token is bound to.
    pub(crate) fn shows(&self, bound: &Confirmation) -> bool {
        let shown = self.confirmation();
        let has = |bound: Option<Thumbprint>, shown: Option<Thumbprint>| {
            bound.is_none_or(|bound| shown.is_some_and(|shown| shown.is(&bound)))
        };
        has(bound.jkt, shown.and_then(|shown| shown.jkt))
            && has(bound.x5t_s256, shown.and_then(|shown| shown.x5t_s256))
    }

    /// A required parameter.
    ///
    /// # Errors
    /// [`Reason::ParameterMissing`].
    pub fn require(&self, name: &'static str) -> Result<&str, Reason> {
        self.params.get(name).ok_or(Reason::ParameterMissing(name))
    }
}
