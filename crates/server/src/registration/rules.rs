//! What the rules of a registration depend on besides its members.

use protocol::{Audience, ClientId};

use crate::settings::Settings;

/// Who registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registrar {
    /// The operator, by whatever tool.
    Operator,
    /// The server itself, for a development installation whose secrets are public knowledge: they may be short.
    Development,
    /// The client itself (RFC 7591), under the id that the server drew for it. It may set no member that is the operator's, and ask for no scope that
    /// administers the server.
    Client(ClientId),
}

/// What the rules of a registration depend on.
#[derive(Clone, Debug)]
pub struct Rules {
    pub(super) registrar: Registrar,
    /// Whether `http` to loopback is fetched: only beside an `http` issuer.
    pub(super) http_to_loopback: bool,
    pub(super) reserved: Option<Audience>,
}

impl Rules {
    /// The rules of an issuer for a registrar.
    pub fn new(settings: &Settings, registrar: Registrar) -> Self {
        Self { registrar, http_to_loopback: !settings.is_https(), reserved: None }
    }

    /// Reserves the identifier of the server's own admin API, which nobody else may register.
    #[must_use]
    pub fn reserve(mut self, identifier: Audience) -> Self {
        self.reserved = Some(identifier);
        self
    }
}
