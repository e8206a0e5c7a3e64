//! The context of the rules of a registration.

use protocol::{Audience, ClientId};

use crate::settings::Settings;

/// Who registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registrar {
    /// The operator, with any tool.
    Operator,
    /// The server itself, for a development installation: its secrets are public and may be short.
    Development,
    /// The client itself (RFC 7591), with the id that the server generated for it. It can't set members of the
    /// operator, nor request administrative scopes.
    Client(ClientId),
}

/// The context of the rules of a registration.
#[derive(Clone, Debug)]
pub struct Rules {
    pub(super) registrar: Registrar,
    /// Whether `http` to loopback is fetched: only if the issuer is `http` itself, and the operator names it.
    pub(super) http_to_loopback: bool,
    pub(super) reserved: Option<Audience>,
    /// Whether clients can show a certificate.
    pub(super) mutual_tls: bool,
    /// Schemes without a dot that native clients may use.
    pub(super) redirect_schemes: Vec<String>,
}

impl Rules {
    /// The rules for a registrar at the issuer with these settings.
    pub fn new(settings: &Settings, registrar: Registrar) -> Self {
        let redirect_schemes = settings.redirect_schemes.clone();
        let http_to_loopback = !settings.is_https() && !matches!(registrar, Registrar::Client(_));
        Self {
            registrar,
            http_to_loopback,
            reserved: None,
            mutual_tls: settings.mutual_tls.is_some(),
            redirect_schemes,
        }
    }

    /// Reserves the identifier of the server's own admin API, which can't be registered otherwise.
    #[must_use]
    pub fn reserve(mut self, identifier: Audience) -> Self {
        self.reserved = Some(identifier);
        self
    }
}
