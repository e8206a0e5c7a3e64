//! What a page tells of a deferred request beside its client and its scopes.

use std::net::IpAddr;

use protocol::{Timestamp, UserCode, display::Shown, limits};
use serde::{Deserialize, Serialize};

use super::ping::StoredPing;
use crate::{
    error::Fault,
    incoming::{Incoming, RequestHead as _},
    store::{Deferred, Whose},
};

/// The stored form: JSON. What later versions added is absent in what earlier ones stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredFacts {
    /// The address that the request came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) peer: Option<IpAddr>,
    /// What the client says of itself in `User-Agent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) agent: Option<String>,
    /// What the client shows its user, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) binding_message: Option<String>,
    /// How the client is told of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ping: Option<StoredPing>,
}

impl StoredFacts {
    /// The facts of a request.
    pub(crate) fn of(incoming: &Incoming) -> Self {
        let agent = incoming.headers().get(http::header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        let agent = agent.map(|agent| agent.get(..limits::USER_AGENT_BYTES_MAX).unwrap_or(agent));
        let agent = agent.map(|agent| Shown(agent).to_string()).filter(|agent| !agent.is_empty());
        Self { peer: incoming.head.peer(), agent, ..Self::default() }
    }

    pub(crate) fn to_text(&self) -> Result<Box<str>, Fault> {
        serde_json::to_string(self).map(Into::into).map_err(Fault::new)
    }
}

/// What a page tells of a deferred request, so that its user recognizes it (RFC 8628 §5.4, RFC 10027 §6.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeferredFacts {
    /// The code that the device shows; `None` where the client named the user.
    pub user_code: Option<UserCode>,
    /// When the client sent it.
    pub asked_at: Timestamp,
    /// The address that it came from.
    pub peer: Option<IpAddr>,
    /// What the client says of itself (`User-Agent`).
    pub agent: Option<String>,
    /// What the client shows its user, too (`binding_message`, CIBA Core 1.0 §7.1).
    pub binding_message: Option<String>,
}

impl DeferredFacts {
    pub(crate) fn read(row: &Deferred) -> Result<Self, Fault> {
        let StoredFacts { peer, agent, binding_message, .. } =
            serde_json::from_str(&row.facts).map_err(Fault::new)?;
        let user_code = match &row.whose {
            Whose::Typed(code) => Some(code.clone()),
            Whose::Subject(_) => None,
        };
        Ok(Self { user_code, asked_at: row.asked_at, peer, agent, binding_message })
    }
}
