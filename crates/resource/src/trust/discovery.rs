//! The endpoints of the authorization server: configured, or discovered when first needed.

use std::sync::Arc;

use fetching::EndpointError;
use fetching::{
    Attempts, Busy, Clock, DocumentError, Http, KeptDocument, NamedBy, Need, NewerAfter, Schedule,
};
use jose::Claims;
use protocol::display::Shown;
use protocol::server_metadata::well_known_url;
use protocol::{Issuer, Timestamp};

use crate::limits::{DISCOVERY_FRESH_SECONDS, REFETCH_SECONDS, RETRY_SECONDS};
use crate::reason::Reason;

const SCHEDULE: Schedule = Schedule {
    fresh: DISCOVERY_FRESH_SECONDS,
    age_max: i64::MAX,
    refetch: REFETCH_SECONDS,
    retry: RETRY_SECONDS,
    retry_abandoned: RETRY_SECONDS,
    newer_after: NewerAfter::SuchFetch,
};

/// The endpoints that a guard uses.
#[derive(Clone, Debug, Default)]
pub(crate) struct Endpoints {
    pub(crate) jwks: Option<String>,
    pub(crate) introspection: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) userinfo: Option<String>,
    /// The endpoints for callers with a client certificate, if they differ (RFC 8705 §5).
    pub(crate) aliases: Aliases,
}

/// `mtls_endpoint_aliases` (RFC 8705 §5).
#[derive(Clone, Debug, Default)]
pub(crate) struct Aliases {
    introspection: Option<String>,
    token: Option<String>,
}

/// The server's endpoints: those configured, and for the others its metadata (RFC 8414, OpenID Connect Discovery).
pub(crate) struct Discovery {
    issuer: Issuer,
    configured: Endpoints,
    http: Http,
    found: KeptDocument<Endpoints, Reason>,
}

impl Discovery {
    pub(crate) fn new(issuer: Issuer, configured: Endpoints, http: Http, clock: Arc<dyn Clock>) -> Self {
        Self { issuer, configured, http, found: KeptDocument::new(SCHEDULE, clock) }
    }

    /// The URL of the key set.
    pub(crate) async fn jwks(&self) -> Result<String, Reason> {
        self.endpoint("jwks_uri", |endpoints| endpoints.jwks.clone()).await
    }

    /// The introspection endpoint, for a caller with or without a client certificate.
    pub(crate) async fn introspection(&self, by_certificate: bool) -> Result<String, Reason> {
        self.endpoint("introspection_endpoint", |endpoints| {
            let alias = endpoints.aliases.introspection.as_ref().filter(|_| by_certificate);
            alias.or(endpoints.introspection.as_ref()).cloned()
        })
        .await
    }

    /// The token endpoint, for a caller with or without a client certificate.
    pub(crate) async fn token(&self, by_certificate: bool) -> Result<String, Reason> {
        self.endpoint("token_endpoint", |endpoints| {
            let alias = endpoints.aliases.token.as_ref().filter(|_| by_certificate);
            alias.or(endpoints.token.as_ref()).cloned()
        })
        .await
    }

    /// How discovery went.
    pub(crate) fn attempts(&self, now: Timestamp) -> Attempts<Reason> {
        self.found.attempts(now)
    }

    /// The UserInfo endpoint (OpenID Connect Core 1.0 §5.3).
    pub(crate) async fn userinfo(&self) -> Result<String, Reason> {
        self.endpoint("userinfo_endpoint", |endpoints| endpoints.userinfo.clone()).await
    }

    async fn endpoint(
        &self,
        name: &str,
        choose: impl Fn(&Endpoints) -> Option<String>,
    ) -> Result<String, Reason> {
        if let Some(configured) = choose(&self.configured) {
            return Ok(configured);
        }
        let fetch = || discover(self.issuer.clone(), self.http.clone());
        let found = self.found.get(Need::Fresh, fetch).await?;
        choose(&found.document).ok_or_else(|| {
            tracing::warn!(issuer = %self.issuer, "the issuer's metadata has no {name}");
            Reason::EndpointMissing
        })
    }
}

/// Tries the two well-known URLs, RFC 8414 first. A host that does not respond at the first is not tried again.
async fn discover(issuer: Issuer, http: Http) -> Result<Endpoints, Reason> {
    let openid = format!("{}/.well-known/openid-configuration", issuer.as_str().trim_end_matches('/'));
    let mut problems = Vec::new();
    for url in well_known_url(issuer.as_str()).into_iter().chain([openid]) {
        let found = http.document(&url, "application/json").await;
        let is_silence = found.as_ref().is_err_and(DocumentError::is_silence);
        match found.map_err(|error| error.to_string()).and_then(|body| read(&issuer, &body)) {
            Ok(endpoints) => return Ok(endpoints),
            Err(error) => problems.push(format!("{url}: {error}")),
        }
        if is_silence {
            break;
        }
    }
    tracing::warn!(%issuer, problems = problems.join("; "), "the issuer's metadata could not be fetched");
    Err(Reason::DiscoveryFailed)
}

/// The endpoints in the metadata, whose issuer must be equal byte for byte (RFC 8414 §3.3).
fn read(issuer: &Issuer, body: &[u8]) -> Result<Endpoints, String> {
    let document = Claims::parse(body).map_err(|error| error.to_string())?;
    let named = document.string("issuer").map_err(|error| error.to_string())?.unwrap_or_default();
    if named != issuer.as_str() {
        return Err(format!("the document is for the issuer {}; a trailing slash counts", Shown(named)));
    }
    let aliases = document.object("mtls_endpoint_aliases").ok().flatten();
    let aliases = Claims::from(aliases.cloned().unwrap_or_default());
    Ok(Endpoints {
        jwks: endpoint(issuer, &document, "jwks_uri")?,
        introspection: endpoint(issuer, &document, "introspection_endpoint")?,
        token: seldom(issuer, &document, "token_endpoint"),
        userinfo: seldom(issuer, &document, "userinfo_endpoint"),
        aliases: Aliases {
            introspection: seldom(issuer, &aliases, "introspection_endpoint"),
            token: seldom(issuer, &aliases, "token_endpoint"),
        },
    })
}

/// An endpoint that most guards never use: an invalid one counts as absent.
fn seldom(issuer: &Issuer, document: &Claims, name: &str) -> Option<String> {
    endpoint(issuer, document, name).unwrap_or_else(|error| {
        tracing::warn!(%issuer, error, "an invalid endpoint in the issuer's metadata is ignored");
        None
    })
}

fn endpoint(issuer: &Issuer, document: &Claims, name: &str) -> Result<Option<String>, String> {
    let Some(url) = document.string(name).map_err(|error| error.to_string())? else { return Ok(None) };
    endpoint_url(issuer, url).map(Some).map_err(|error| format!("{name}: {error}"))
}

/// An endpoint that may be used: `https`, or `http` to loopback if the issuer is `http` as well.
pub(crate) fn endpoint_url(issuer: &Issuer, text: &str) -> Result<String, EndpointError> {
    NamedBy::operator_of(issuer.as_str()).check(text).map(|()| text.to_owned())
}

impl From<Busy> for Reason {
    fn from(Busy: Busy) -> Self {
        Self::IntrospectionsTooMany
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn endpoints_are_https_or_loopback_beside_an_http_issuer() {
        let (secure, plain) = (Issuer::new("https://id.example"), Issuer::new("http://127.0.0.1:4000"));
        for (issuer, url) in [
            (&secure, "https://other.example:8443/introspect?tenant=1"),
            (&plain, "http://127.0.0.1:4000/jwks"),
            (&plain, "http://[::1]/jwks"),
            (&plain, "http://localhost/jwks"),
            (&plain, "https://id.example/jwks"),
        ] {
            assert_eq!(endpoint_url(issuer, url).as_deref(), Ok(url));
        }
        for (issuer, url, why) in [
            (&secure, "http://127.0.0.1/jwks", EndpointError::PlainHttp),
            (&plain, "http://10.0.0.1/jwks", EndpointError::PlainHttp),
            (&plain, "http://127.0.0.1.evil.example/jwks", EndpointError::PlainHttp),
            (&secure, "https://id.example@evil.example/jwks", EndpointError::NotAbsolute),
            (&secure, "/jwks", EndpointError::NotAbsolute),
            (&secure, "ftp://id.example/jwks", EndpointError::NotAbsolute),
            (&secure, "https://id.example/jwks#x", EndpointError::NotAbsolute),
            (&secure, "", EndpointError::NotAbsolute),
        ] {
            assert_eq!(endpoint_url(issuer, url), Err(why), "{url}");
        }
    }

    #[test]
    fn an_unusable_address_that_few_need_spoils_nothing() {
        let issuer = Issuer::new("https://id.example");
        let document = json!({
            "issuer": "https://id.example", "jwks_uri": "https://id.example/jwks",
            "token_endpoint": "http://id.example/token",
            "mtls_endpoint_aliases": {"introspection_endpoint": 7, "token_endpoint": "https://mtls.id.example/token"},
        });
        let found = read(&issuer, document.to_string().as_bytes()).expect("the rest");
        assert_eq!(found.jwks.as_deref(), Some("https://id.example/jwks"));
        assert_eq!((found.token, found.aliases.introspection), (None, None));
        assert_eq!(found.aliases.token.as_deref(), Some("https://mtls.id.example/token"));
    }

    #[test]
    fn a_document_of_another_issuer_is_none() {
        let issuer = Issuer::new("https://id.example");
        let document =
            |issuer: &str| format!(r#"{{"issuer":"{issuer}","jwks_uri":"https://id.example/jwks"}}"#);
        let found = read(&issuer, document("https://id.example").as_bytes()).expect("its own");
        assert_eq!(found.jwks.as_deref(), Some("https://id.example/jwks"));
        for other in ["https://id.example/", "https://ID.example", "http://id.example", ""] {
            assert!(read(&issuer, document(other).as_bytes()).is_err(), "{other}");
        }
        for text in ["", "[]", "{}", r#"{"issuer":"https://id.example","jwks_uri":7}"#] {
            assert!(read(&issuer, text.as_bytes()).is_err(), "{text}");
        }
    }
}
