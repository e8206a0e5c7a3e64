//! Where a client is answered: the one exit for codes, errors and finished sign-outs.

use protocol::{AuthorizationCode, ClientId, ResponseMode, TokenType, uri};
use serde::{Deserialize, Serialize};

use super::deliver::{ResponseParams, deliver, with_params};
use crate::{
    AuthorizationServer,
    answer::{Answer, name_reason, see_other},
    error::{Error, Fault},
    reason::Reason,
    registry::RegisteredClient,
    tokens::IssuedAccess,
};

/// Where a client may be answered: a URI that was found registered, the `state` that goes with it, and how the answer
/// is sent. It is made only in this file, by looking at the registered client, and nothing else redirects to a client:
/// without it there is no redirect (RFC 9700 §2.1, §4.11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Returnable {
    uri: Box<str>,
    state: Option<Box<str>>,
    mode: ResponseMode,
    client: ClientId,
}

/// What an approval gives: as many of them as the response type names.
#[derive(Debug, Default)]
pub(crate) struct Approved {
    pub(crate) code: Option<AuthorizationCode>,
    pub(crate) access: Option<IssuedAccess>,
    pub(crate) id_token: Option<String>,
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
        Ok(Self { uri: uri.into(), state: state.map(Into::into), mode, client: client.id().clone() })
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
        let (state, mode) = (state.map(Into::into), ResponseMode::Query);
        Ok(Self { uri: uri.into(), state, mode, client: client.id().clone() })
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
            Some(uri.to_owned())
        };
        let issuer = ("iss", server.settings().issuer.to_string());
        let initiate = to(&client.metadata.initiate_login_uri).map(|uri| with_params(&uri, '?', &[issuer]));
        Some(see_other(&initiate.or_else(|| to(&client.metadata.client_uri))?))
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

    /// Sends what was approved (RFC 6749 §4.1.2, §4.2.2; OpenID Connect Core 1.0 §3.2.2.5, §3.3.2.5).
    pub(crate) async fn approved(
        &self,
        server: &AuthorizationServer,
        approved: &Approved,
    ) -> Result<Answer, Error> {
        let mut params: ResponseParams<'_> = Vec::new();
        params.extend(approved.code.as_ref().map(|code| ("code", code.expose())));
        if let Some(access) = &approved.access {
            params.push(("access_token", access.token.to_string()));
            params.push(("token_type", TokenType::Bearer.as_str().to_owned()));
            params.push(("expires_in", access.expires_in.to_string()));
            params.push(("scope", access.scopes.to_string()));
        }
        params.extend(approved.id_token.as_ref().map(|token| ("id_token", token.clone())));
        self.respond(server, params).await
    }

    /// Sends a code (RFC 6749 §4.1.2).
    pub(crate) async fn code(
        &self,
        server: &AuthorizationServer,
        code: AuthorizationCode,
    ) -> Result<Answer, Error> {
        self.approved(server, &Approved { code: Some(code), ..Approved::default() }).await
    }

    /// Sends an error (RFC 6749 §4.1.2.1), by the mode that was asked for.
    pub(crate) async fn refusal(
        &self,
        server: &AuthorizationServer,
        reason: Reason,
    ) -> Result<Answer, Error> {
        let (code, text) = (reason.code().as_str(), reason.description());
        let params = vec![("error", code.to_owned()), ("error_description", text.to_owned())];
        let mut answer = self.respond(server, params).await?;
        name_reason(&mut answer, reason);
        Ok(answer)
    }

    /// Where the browser returns to after a sign-out, with only the `state` (OpenID Connect RP-Initiated Logout 1.0 §3).
    pub(crate) fn after_sign_out_url(&self) -> String {
        let state: Vec<_> = self.state().map(|state| ("state", state.to_owned())).into_iter().collect();
        with_params(&self.uri, '?', &state)
    }

    /// Sends these parameters, the `state`, and which server they are from (RFC 9207 §2); a JWT says that itself (RFC 9207
    /// §2.4, JARM §2.1).
    async fn respond(
        &self,
        server: &AuthorizationServer,
        mut params: ResponseParams<'_>,
    ) -> Result<Answer, Error> {
        params.extend(self.state().map(|state| ("state", state.to_owned())));
        if !self.mode.is_jwt() {
            params.push(("iss", server.settings().issuer.to_string()));
        }
        deliver(server, &self.client, &self.uri, self.mode, params).await
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

#[cfg(test)]
pub(super) mod fixture {
    //! A place to return to, for tests of `authorize`.

    use super::*;

    pub(crate) fn returnable(uri: &str) -> Returnable {
        let (uri, state, mode, client) = (uri.into(), None, ResponseMode::Query, ClientId::new("c"));
        Returnable { uri, state, mode, client }
    }
}

#[cfg(test)]
mod tests {
    use protocol::ClientMetadata;

    use super::*;
    use crate::store::Client;

    fn client() -> RegisteredClient {
        client_of("none", "web")
    }

    fn client_of(method: &str, application_type: &str) -> RegisteredClient {
        let metadata = ClientMetadata {
            token_endpoint_auth_method: Some(method.to_owned()),
            application_type: Some(application_type.to_owned()),
            redirect_uris: vec!["https://c.example/cb?a=1".to_owned(), "http://127.0.0.1/cb".to_owned()],
            post_logout_redirect_uris: vec!["https://c.example/bye".to_owned()],
            ..ClientMetadata::default()
        };
        RegisteredClient::read(Client::of("c", metadata))
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
}
