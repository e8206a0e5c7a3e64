//! The caller of the authorization server, prepared once for all requests.

use http::HeaderValue;
use jose::SigningKey;
use zeroize::Zeroizing;

/// The audience of client assertions (RFC 7523 §3), which also decides their `typ`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AssertionAudience {
    /// Only the issuer, with `typ` `client-authentication+jwt`, as RFC 10070 requires: an assertion for one server is
    /// useless at another.
    #[default]
    Issuer,
    /// The URL of the token endpoint for every request, with `typ` `JWT`: for servers older than RFC 10070, as in
    /// OpenID Connect Core 1.0 §9.
    TokenEndpoint,
    /// The URL of the requested endpoint, with `typ` `JWT`: for servers that expect that.
    Endpoint,
}

/// A caller that can authenticate. It has no `Debug`, since it holds a secret.
pub(crate) struct Caller {
    pub(super) id: String,
    pub(super) method: Method,
    pub(super) audience: AssertionAudience,
    /// The scope of the access token by which it introspects, if it does so by one.
    pub(super) token_scope: Option<String>,
}

/// How a caller authenticates.
pub(super) enum Method {
    Header(HeaderValue),
    Post(Zeroizing<String>),
    Assertion(SigningKey),
    Certificate,
}

impl Caller {
    /// Its client id, if it has one.
    pub(crate) fn id(&self) -> Option<&str> {
        Some(&*self.id).filter(|id| !id.is_empty())
    }

    /// Whether it authenticates by an assertion.
    pub(super) fn asserts(&self) -> bool {
        matches!(self.method, Method::Assertion(_))
    }

    /// Whether the certificate of the connection authenticates it.
    pub(super) fn is_by_certificate(&self) -> bool {
        matches!(self.method, Method::Certificate)
    }
}
