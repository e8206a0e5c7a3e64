//! Who calls the authorization server, as it is prepared once for all requests.

use http::HeaderValue;
use jose::SigningKey;
use zeroize::Zeroizing;

/// Whom a client assertion is addressed to (RFC 7523 §3), and with that how it is typed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AssertionAudience {
    /// The issuer alone, with `typ` `client-authentication+jwt`: what RFC 10070 demands, so that an assertion for
    /// one server is of no use at another.
    #[default]
    Issuer,
    /// The address of the token endpoint, whichever endpoint is asked, with `typ` `JWT`: for servers of before RFC
    /// 10070, as OpenID Connect Core 1.0 §9 has it.
    TokenEndpoint,
    /// The address of the endpoint that is asked, with `typ` `JWT`: for servers that compare it with their own.
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
