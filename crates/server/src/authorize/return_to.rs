//! Where a client is answered: the one exit for codes, errors and finished sign-outs.

use protocol::{AuthorizationCode, ResponseMode, uri};
use serde::{Deserialize, Serialize};

use crate::{
    AuthorizationServer,
    answer::{Answer, name_reason, see_other},
    error::{Error, Fault},
    reason::Reason,
    registry::RegisteredClient,
};

/// Where a client may be answered: a URI that was found registered, the `state` that goes with it, and how the answer
/// is sent. It is made only in this file, by looking at the registered client, and nothing else redirects to a client:
/// without it there is no redirect (RFC 9700 §2.1, §4.11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Returnable {
    uri: Box<str>,
    state: Option<Box<str>>,
    mode: ResponseMode,
}

impl Returnable {
    /// For an authorization response: one of the client's redirect URIs (RFC 6749 §3.1.2.3).
    pub(crate) fn to_redirect_uri(
        client: &RegisteredClient,
        uri: &str,
        state: Option<&str>,
        mode: ResponseMode,
    ) -> Result<Self, Reason> {
        if !client.has_redirect_uri(uri) {
            return Err(Reason::RedirectUriMismatch);
        }
        Ok(Self { uri: uri.into(), state: state.map(Into::into), mode })
    }

    /// For the end of a sign-out: one of the client's post-logout redirect URIs, byte for byte (OpenID Connect
    /// RP-Initiated Logout 1.0 §3).
    pub(crate) fn after_sign_out(
        client: &RegisteredClient,
        uri: &str,
        state: Option<&str>,
    ) -> Result<Self, Reason> {
        if !client.has_post_logout_redirect_uri(uri) {
            return Err(Reason::LogoutRedirectMismatch);
        }
        Ok(Self { uri: uri.into(), state: state.map(Into::into), mode: ResponseMode::Query })
    }

    /// Sends the browser to where a sign-in at the client starts: its `initiate_login_uri`, which is told by which server
    /// (OpenID Connect Core 1.0 §4), or its home page. `None` if it registered neither.
    pub(crate) fn start(
        server: &AuthorizationServer,
        client: &RegisteredClient,
    ) -> Option<Result<Answer, Error>> {
        let to = |uri: &Option<String>| {
            // A home page may be one that is only linked to.
            let uri = uri.as_deref().filter(|uri| uri::check_redirect_uri(uri, &[]).is_ok())?;
            Some(Self { uri: uri.into(), state: None, mode: ResponseMode::Query })
        };
        let initiate = to(&client.metadata.initiate_login_uri).map(|start| start.send(Some(server), &[]));
        initiate.or_else(|| Some(to(&client.metadata.client_uri)?.send(None, &[])))
    }

    /// The URI, without the parameters of an answer.
    pub(crate) fn uri(&self) -> &str {
        &self.uri
    }

    /// The `state`, to be returned unchanged.
    pub(crate) fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// Its stored form.
    pub(crate) fn stored(&self) -> StoredReturn {
        let mode = match self.mode {
            ResponseMode::Query => None,
            other => Some(other.as_str().into()),
        };
        StoredReturn { uri: self.uri.clone(), state: self.state.clone(), mode }
    }

    /// Sends a code (RFC 6749 §4.1.2).
    pub(crate) fn code(
        &self,
        server: &AuthorizationServer,
        code: &AuthorizationCode,
    ) -> Result<Answer, Error> {
        self.send(Some(server), &[("code", &code.expose())])
    }

    /// Sends an error (RFC 6749 §4.1.2.1).
    pub(crate) fn refusal(&self, server: &AuthorizationServer, reason: Reason) -> Result<Answer, Error> {
        let params = [("error", reason.code().as_str()), ("error_description", reason.description())];
        let mut answer = self.send(Some(server), &params)?;
        name_reason(&mut answer, reason);
        Ok(answer)
    }

    /// Sends the browser back after a sign-out, with only the `state` (OpenID Connect RP-Initiated Logout 1.0 §3).
    pub(crate) fn signed_out(&self) -> Result<Answer, Error> {
        self.send(None, &[])
    }

    /// Sends the browser to the URI with these parameters and the `state`; an authorization response also says which
    /// server it is `from` (RFC 9207 §2).
    fn send(&self, from: Option<&AuthorizationServer>, params: &[(&str, &str)]) -> Result<Answer, Error> {
        let state = self.state().map(|state| ("state", state));
        let issuer = from.map(|server| ("iss", server.settings().issuer.as_str()));
        let params = params.iter().copied().chain(state).chain(issuer);
        match self.mode {
            ResponseMode::Query => see_other(&with_query(&self.uri, params)),
            mode => Err(Fault::new(format!("the response mode {mode} is not implemented")).into()),
        }
    }
}

/// The stored form of a [`Returnable`]. Whether its URI is still registered is checked before it is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredReturn {
    #[serde(rename = "redirect_uri")]
    uri: Box<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<Box<str>>,
    /// Absent: `query`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mode: Option<Box<str>>,
}

impl StoredReturn {
    /// Checks it again: the redirect URI may have been removed while the request was paused.
    pub(crate) fn registered(&self, client: &RegisteredClient) -> Result<Returnable, Error> {
        let mode = self.mode.as_deref().map_or(Some(ResponseMode::Query), ResponseMode::parse);
        let mode = mode.ok_or_else(|| Fault::new("an unknown response mode is stored"))?;
        Ok(Returnable::to_redirect_uri(client, &self.uri, self.state.as_deref(), mode)?)
    }
}

/// Appends parameters to the URI, which may have a query (RFC 6749 §3.1.2).
fn with_query<'a>(uri: &str, params: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut location = uri.to_owned();
    for (name, value) in params {
        location.push(if location.contains('?') { '&' } else { '?' });
        location.push_str(name);
        location.push('=');
        location.extend(form_urlencoded::byte_serialize(value.as_bytes()));
    }
    location
}

#[cfg(test)]
pub(super) mod fixture {
    //! A place to return to, for tests of `authorize`.

    use super::*;

    pub(crate) fn returnable(uri: &str) -> Returnable {
        Returnable { uri: uri.into(), state: None, mode: ResponseMode::Query }
    }
}

#[cfg(test)]
mod tests {
    use protocol::{ClientId, ClientMetadata};

    use super::*;
    use crate::store::{Caller, Client};

    fn client() -> RegisteredClient {
        client_of("none", "web")
    }

    fn client_of(method: &str, application_type: &str) -> RegisteredClient {
        let caller = Caller { id: ClientId::new("c"), epoch: 1, disabled: false, secret: None };
        let metadata = ClientMetadata {
            token_endpoint_auth_method: Some(method.to_owned()),
            application_type: Some(application_type.to_owned()),
            redirect_uris: vec!["https://c.example/cb?a=1".to_owned(), "http://127.0.0.1/cb".to_owned()],
            post_logout_redirect_uris: vec!["https://c.example/bye".to_owned()],
            ..ClientMetadata::default()
        };
        let (require_pkce, skip_consent, applied, version) = (true, false, false, 1);
        RegisteredClient::read(Client {
            caller,
            metadata,
            require_pkce,
            skip_consent,
            applied,
            registered: crate::store::Registered::default(),
            version,
        })
    }

    #[test]
    fn only_a_registered_uri_is_returnable() {
        let to = |uri| Returnable::to_redirect_uri(&client(), uri, None, ResponseMode::Query).map(drop);
        assert_eq!(to("https://c.example/cb?a=1"), Ok(()));
        assert_eq!(to("http://127.0.0.1:4711/cb"), Ok(()), "any port on loopback (RFC 8252 §7.3)");
        for other in ["https://c.example/cb", "https://c.example/cb?a=1&b", "https://c.example/bye"] {
            assert_eq!(to(other), Err(Reason::RedirectUriMismatch), "{other}");
        }
        let after = |uri| Returnable::after_sign_out(&client(), uri, None).map(drop);
        assert_eq!(after("https://c.example/bye"), Ok(()));
        for other in ["https://c.example/cb?a=1", "https://c.example/bye/"] {
            assert_eq!(after(other), Err(Reason::LogoutRedirectMismatch), "{other}");
        }
    }

    /// RFC 8252 §7.3: a program on the user's device can't choose its port; a confidential web client can.
    #[test]
    fn any_port_of_loopback_is_for_public_and_native_clients() {
        for (method, application_type, any_port) in [
            ("none", "web", true),
            ("none", "native", true),
            ("client_secret_basic", "native", true),
            ("client_secret_basic", "web", false),
            ("private_key_jwt", "web", false),
        ] {
            let client = client_of(method, application_type);
            let to = |uri| Returnable::to_redirect_uri(&client, uri, None, ResponseMode::Query);
            assert!(to("http://127.0.0.1/cb").is_ok(), "{method} {application_type}");
            assert_eq!(to("http://127.0.0.1:4711/cb").is_ok(), any_port, "{method} {application_type}");
        }
    }

    #[test]
    fn a_stored_uri_is_checked_again() {
        let returnable = Returnable::to_redirect_uri(
            &client(),
            "https://c.example/cb?a=1",
            Some("s"),
            ResponseMode::Query,
        )
        .expect("registered");
        let stored = returnable.stored();
        assert_eq!(stored.registered(&client()).expect("still registered"), returnable);
        let mut metadata = client().metadata;
        metadata.redirect_uris.remove(0);
        let mut changed = client();
        changed.metadata = metadata;
        let refused = stored.registered(&changed);
        assert!(matches!(refused, Err(Error::Refused(Reason::RedirectUriMismatch))), "{refused:?}");
    }

    #[test]
    fn parameters_go_behind_a_registered_query() {
        let params = [("state", "a b&c"), ("iss", "https://as.example")];
        assert_eq!(
            with_query("https://c.example/cb?a=1", params),
            "https://c.example/cb?a=1&state=a+b%26c&iss=https%3A%2F%2Fas.example"
        );
        assert_eq!(with_query("com.example.app:/cb", [("code", "x")]), "com.example.app:/cb?code=x");
    }
}
