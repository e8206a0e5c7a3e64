//! `grant_type=client_credentials` of a resource: a token that only permits introspection.
//!
//! A resource is not a client, although it shares the namespace of client ids, and no client can have the scope
//! `introspection`. So this is not a [`GrantHandler`](super::GrantHandler).

use protocol::{Confirmation, GrantType, Params, Scopes, scope};

use crate::{
    AuthorizationServer,
    audience::TokenAudience,
    clients::AuthenticatedCaller,
    error::Error,
    reason::Reason,
    settle::Decision,
    store::Commit,
    tokens::{self, AccessClaims, Issued},
};

/// Whether the caller asks as a resource. A caller that is also a client asks as a client, unless it asks for the
/// scope `introspection`.
pub(crate) fn is_asked(caller: &AuthenticatedCaller, params: &Params<'_>) -> bool {
    let is_introspection = !caller.resources.is_empty()
        && params.get("grant_type") == Some(GrantType::ClientCredentials.as_str())
        && params.get("scope") == Some(scope::INTROSPECTION);
    caller.client.is_none() || is_introspection
}

/// Issues a token that permits this resource to introspect (RFC 7662 §2.1). A caller that proved nothing gets none, even
/// if its id is a resource's: a registration made before that was refused may still be stored.
pub(crate) async fn decide(
    server: &AuthorizationServer,
    caller: &AuthenticatedCaller,
    params: &Params<'_>,
    confirmation: Option<&Confirmation>,
) -> Result<Decision<Issued>, Error> {
    let scopes = scopes(params)?;
    if caller.client.as_ref().is_some_and(|client| client.is_public()) {
        return Err(Reason::IntrospectionNotAllowed.into());
    }
    let claims = AccessClaims {
        grant: None,
        client: &caller.id,
        epoch: caller.epoch,
        subject: None,
        audience: TokenAudience { resources: Vec::new(), scopes, narrowed: false, one_resource: false },
        authenticated_at: None,
        details: None,
        confirmation,
        exchanged: None,
    };
    let mut commit = Commit::new(server.now());
    let access = tokens::mint_access(server, claims, &mut commit).await?;
    Ok(Decision {
        commit,
        answer: Ok(Issued { access, refresh_token: None, id_token: None, issued_token_type: None }),
    })
}

/// Only this grant type, and only this scope.
fn scopes(params: &Params<'_>) -> Result<Scopes, Reason> {
    let grant_type = params.get("grant_type").ok_or(Reason::ParameterMissing("grant_type"))?;
    if grant_type != GrantType::ClientCredentials.as_str() {
        return Err(Reason::GrantTypeNotRegistered);
    }
    if params.get("scope").is_some_and(|asked| asked != scope::INTROSPECTION) {
        return Err(Reason::ScopeNotRegistered);
    }
    Ok(Scopes::stored(scope::INTROSPECTION))
}
