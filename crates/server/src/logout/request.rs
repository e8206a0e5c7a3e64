//! A request to sign out (OpenID Connect RP-Initiated Logout 1.0 §2).

use protocol::{ClientId, Params, limits};
use serde::{Deserialize, Serialize};

use crate::{
    AuthorizationServer,
    answer::{Answer, see_other},
    authorize::return_to::Returnable,
    cookie::Cookie,
    error::{Error, Fault},
    reason::Reason,
    session::SignedIn,
    tokens::id_token::{self, Hint},
};

/// A valid request to sign out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SignOut {
    /// The client and where the browser returns to; only with a hint.
    return_to: Option<(ClientId, Returnable)>,
}

/// The stored form of a [`SignOut`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredSignOut {
    return_to: Option<String>,
    state: Option<String>,
    /// The client of the URI. Absent in what older versions stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client: Option<ClientId>,
}

/// The `id_token_hint` of a request.
pub(crate) async fn hint(server: &AuthorizationServer, params: &Params<'_>) -> Result<Option<Hint>, Error> {
    let Some(token) = params.get("id_token_hint") else { return Ok(None) };
    Ok(Some(id_token::read_hint(server, token).await?.ok_or(Reason::LogoutHintInvalid)?))
}

/// Validates a request. Without a valid hint there is no redirect: anybody could have sent the browser here.
pub(crate) async fn validate(
    server: &AuthorizationServer,
    params: &Params<'_>,
    hint: Option<&Hint>,
) -> Result<SignOut, Error> {
    if let (Some(id), Some(hint)) = (params.get("client_id"), hint)
        && id != hint.client.as_str()
    {
        return Err(Reason::LogoutHintInvalid.into());
    }
    let state = params.get("state").filter(|state| state.len() <= limits::STATE_BYTES_MAX);
    let (Some(hint), Some(uri)) = (hint, params.get("post_logout_redirect_uri")) else {
        return Ok(SignOut::default());
    };
    let client = server.registry().client(hint.client.as_str()).await?.ok_or(Reason::LogoutHintInvalid)?;
    let return_to = Returnable::after_sign_out(&client, uri, state)?;
    Ok(SignOut { return_to: Some((hint.client.clone(), return_to)) })
}

/// Whether the hint names the user and session of this browser. A hint without `sid` counts by its subject.
pub(crate) fn is_of(hint: &Hint, signed_in: &SignedIn) -> bool {
    let is_this = hint.session.is_none_or(|session| session == signed_in.id);
    hint.subject == signed_in.session.subject && is_this
}

impl SignOut {
    /// Where the browser returns to, if the client asked for it.
    pub(crate) fn return_to(&self) -> Option<&Returnable> {
        self.return_to.as_ref().map(|(_, returnable)| returnable)
    }

    pub(crate) fn stored(&self) -> StoredSignOut {
        let Some((client, returnable)) = &self.return_to else {
            return StoredSignOut { return_to: None, state: None, client: None };
        };
        StoredSignOut {
            return_to: Some(returnable.uri().to_owned()),
            state: returnable.state().map(str::to_owned),
            client: Some(client.clone()),
        }
    }

    /// Redirects the browser and ends its session cookie.
    pub(crate) fn answer(&self, server: &AuthorizationServer) -> Result<Answer, Error> {
        let mut answer = match self.return_to() {
            Some(returnable) => returnable.signed_out()?,
            None => see_other(&server.settings().url(&server.settings().pages.signed_out))?,
        };
        Cookie::Session.set(server.settings(), &mut answer, None);
        Ok(answer)
    }
}

impl StoredSignOut {
    /// Resumes the request, checked against what is registered today. A URI that was removed while the user was asked
    /// is not followed; the sign-out goes on.
    pub(crate) async fn resume(&self, server: &AuthorizationServer) -> Result<SignOut, Fault> {
        let (Some(client), Some(uri)) = (&self.client, &self.return_to) else {
            return Ok(SignOut::default());
        };
        let Some(registered) = server.registry().client(client.as_str()).await? else {
            return Ok(SignOut::default());
        };
        let return_to = Returnable::after_sign_out(&registered, uri, self.state.as_deref());
        Ok(SignOut { return_to: return_to.ok().map(|returnable| (client.clone(), returnable)) })
    }
}
