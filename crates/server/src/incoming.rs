//! A request as endpoints receive it: its head, and its complete body within the limit.

use std::{fmt, net::IpAddr};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, header, request::Parts};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use protocol::{
    ClientId, Params, Subject, TokenType, display::Shown, fields, limits, params::ParamsError, uri,
};

use crate::{
    error::Error,
    reason::Reason,
    refusal::{Difference, RequestContext},
    settings::Settings,
};

/// An access token as it was sent.
#[derive(Clone, Copy)]
pub(crate) struct PresentedToken<'a> {
    /// The scheme of the `Authorization` header; a token in a form is a bearer token.
    pub(crate) scheme: TokenType,
    pub(crate) token: &'a str,
}

/// A request whose body has been read.
pub struct Incoming {
    /// Method, URI, headers, and the extensions that the host set.
    pub head: Parts,
    /// The body, at most [`limits::BODY_BYTES_MAX`].
    pub body: Bytes,
}

impl Incoming {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// [`Reason::BodyTooLarge`] beyond [`limits::BODY_BYTES_MAX`], and [`Reason::BodyUnreadable`] if the body ended
    /// early.
    pub async fn read<B>(request: Request<B>) -> Result<Self, Reason>
    where
        B: http_body::Body,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (head, body) = request.into_parts();
        match Limited::new(body, limits::BODY_BYTES_MAX).collect().await {
            Ok(body) => Ok(Self { head, body: body.to_bytes() }),
            Err(error) if error.is::<LengthLimitError>() => Err(Reason::BodyTooLarge),
            Err(_) => Err(Reason::BodyUnreadable),
        }
    }

    /// The header fields.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The parameters of a form body (RFC 6749 §3.2, Appendix B).
    ///
    /// # Errors
    /// [`Reason::BodyTypeWrong`] if the body has another media type, and those of [`Self::query`].
    pub fn form(&self) -> Result<Params<'_>, Reason> {
        let content_type = self.headers().get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
        let media_type = fields::without_parameters(content_type);
        if !media_type.eq_ignore_ascii_case(b"application/x-www-form-urlencoded") {
            return Err(Reason::BodyTypeWrong);
        }
        parse(&self.body)
    }

    /// The parameters of the query (RFC 6749 §3.1).
    ///
    /// # Errors
    /// [`Reason::BodyMalformed`], [`Reason::ParameterRepeated`], [`Reason::BodyTooLarge`].
    pub fn query(&self) -> Result<Params<'_>, Reason> {
        self.head.query()
    }
}

/// Prints neither the body, which may hold passwords and secrets, nor the query, which may hold codes.
impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Incoming({} {}, {} bytes)", self.head.method, self.head.uri.path(), self.body.len())
    }
}

/// Accessors for the head of a request, to endpoints of this server and to routes of the host.
pub(crate) trait RequestHead {
    /// The parameters of the query.
    fn query(&self) -> Result<Params<'_>, Reason>;

    /// The access token of the `Authorization` header, if it has one of the schemes of access tokens (RFC 6750 §2.1, RFC
    /// 9449 §7.1).
    fn access_token(&self) -> Result<Option<PresentedToken<'_>>, Reason>;

    /// The scheme of the access token that was sent or tried, for the challenge of a refusal.
    fn tried_scheme(&self) -> TokenType {
        match self.access_token() {
            Ok(Some(presented)) => presented.scheme,
            Ok(None) | Err(_) => TokenType::Bearer,
        }
    }

    /// The id that the host set; empty if it set none.
    fn request_id(&self) -> &str {
        self.context().map_or("", RequestContext::id)
    }

    /// The address that the host set.
    fn peer(&self) -> Option<IpAddr> {
        self.context()?.address()
    }

    /// The host that the request is for: the `Host` header, or the authority of HTTP/2 (RFC 9113 §8.3.1).
    fn host(&self) -> Option<&str>;

    /// The host as logs and pages show it.
    fn received_host(&self) -> String {
        self.host().map_or_else(|| "no Host header".to_owned(), |host| Shown(host).to_string())
    }

    /// Refuses a request whose host is not the issuer's: cookies that a page sets there would not reach the next page.
    fn check_host(&self, settings: &Settings) -> Result<(), Reason>;

    /// What the host set.
    fn context(&self) -> Option<&RequestContext>;

    /// Notes the client that sent the request.
    fn note_client(&self, client: &ClientId) {
        if let Some(context) = self.context() {
            context.set_client(client);
        }
    }

    /// Notes the client that the request claims to be from.
    fn note_claimed(&self, client: Option<&str>) {
        if let (Some(context), Some(client)) = (self.context(), client) {
            context.claim_client(client);
        }
    }

    /// Notes the user whom the request concerns.
    fn note_subject(&self, subject: &Subject) {
        if let Some(context) = self.context() {
            context.set_subject(subject);
        }
    }

    /// A required parameter. That it is missing is noted.
    fn require<'p>(&self, params: &'p Params<'_>, name: &'static str) -> Result<&'p str, Reason> {
        let missing = || Some(Difference::absent(name, "a value"));
        params.get(name).ok_or_else(|| self.differs(Reason::ParameterMissing(name), missing))
    }

    /// Notes what differs, for a refusal with this reason.
    fn differs(&self, reason: Reason, difference: impl FnOnce() -> Option<Difference>) -> Reason {
        if let Some(context) = self.context()
            && context.difference(reason).is_none()
            && let Some(difference) = difference()
        {
            context.differs(reason, difference);
        }
        reason
    }

    /// The same for an error, if it is a refusal.
    fn explain(&self, error: Error, difference: impl FnOnce(Reason) -> Option<Difference>) -> Error {
        if let Error::Refused(reason) = error {
            self.differs(reason, || difference(reason));
        }
        error
    }
}

impl RequestHead for Parts {
    fn query(&self) -> Result<Params<'_>, Reason> {
        parse(self.uri.query().unwrap_or_default().as_bytes())
    }

    fn access_token(&self) -> Result<Option<PresentedToken<'_>>, Reason> {
        let mut values = self.headers.get_all(header::AUTHORIZATION).iter();
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(Reason::TokenRepeated);
        }
        let Some((scheme, token)) = value.to_str().ok().and_then(|text| text.split_once(' ')) else {
            return Ok(None);
        };
        let Some(scheme) = scheme_of(scheme) else { return Ok(None) };
        let token = token.trim_matches(' ');
        let b64token = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
        if token.is_empty() || token.len() > limits::TOKEN_BYTES_MAX || !token.bytes().all(b64token) {
            return Err(Reason::TokenInactive);
        }
        Ok(Some(PresentedToken { scheme, token }))
    }

    fn host(&self) -> Option<&str> {
        let sent = self.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        sent.or_else(|| self.uri.authority().map(http::uri::Authority::as_str))
    }

    fn check_host(&self, settings: &Settings) -> Result<(), Reason> {
        let scheme = if settings.is_https() { "https" } else { "http" };
        let is_own =
            |sent: &str| uri::origin(&format!("{scheme}://{sent}")) == uri::origin(settings.issuer.as_str());
        if self.host().is_some_and(is_own) {
            return Ok(());
        }
        let other = || Some(Difference::new("Host", self.received_host(), settings.host()));
        Err(self.differs(Reason::HostMismatch, other))
    }

    fn context(&self) -> Option<&RequestContext> {
        RequestContext::of(&self.extensions)
    }
}

/// The scheme of access tokens that this is, in any case.
fn scheme_of(name: &str) -> Option<TokenType> {
    TokenType::ALL.iter().copied().find(|scheme| name.eq_ignore_ascii_case(scheme.as_str()))
}

fn parse(text: &[u8]) -> Result<Params<'_>, Reason> {
    Params::parse(text).map_err(|error| match error {
        ParamsError::Malformed => Reason::BodyMalformed,
        ParamsError::Repeated => Reason::ParameterRepeated,
        ParamsError::TooLarge => Reason::BodyTooLarge,
    })
}

#[cfg(test)]
mod tests {
    use http::Method;
    use http_body_util::Full;

    use super::*;

    async fn read(content_type: &str, body: Vec<u8>) -> Result<Incoming, Reason> {
        let request = Request::builder().method(Method::POST).header(header::CONTENT_TYPE, content_type);
        Incoming::read(request.body(Full::new(Bytes::from(body))).expect("a request")).await
    }

    #[tokio::test]
    async fn only_forms_are_read() {
        for good in ["application/x-www-form-urlencoded", "Application/X-WWW-Form-Urlencoded; charset=UTF-8"]
        {
            let incoming = read(good, b"username=alice".to_vec()).await.expect("within the limit");
            assert_eq!(incoming.form().expect("fields").get("username"), Some("alice"));
        }
        for bad in ["", "application/json", "multipart/form-data; boundary=x", "text/plain"] {
            let incoming = read(bad, b"username=alice".to_vec()).await.expect("within the limit");
            assert_eq!(incoming.form().err(), Some(Reason::BodyTypeWrong), "{bad}");
        }
    }

    #[tokio::test]
    async fn what_is_too_large_malformed_or_repeated_is_refused() {
        let form = "application/x-www-form-urlencoded";
        let large = read(form, vec![b'a'; limits::BODY_BYTES_MAX + 1]).await;
        assert_eq!(large.err(), Some(Reason::BodyTooLarge));
        for (body, reason) in [
            ("a=%zz", Reason::BodyMalformed),
            ("a=%00", Reason::BodyMalformed),
            ("password=1&password=2", Reason::ParameterRepeated),
        ] {
            let incoming = read(form, body.into()).await.expect("within the limit");
            assert_eq!(incoming.form().err(), Some(reason), "{body}");
        }
    }

    #[tokio::test]
    async fn no_body_is_printed() {
        let incoming = read("application/x-www-form-urlencoded", b"password=secret".to_vec()).await;
        assert_eq!(format!("{:?}", incoming.expect("within the limit")), "Incoming(POST /, 15 bytes)");
    }
}
