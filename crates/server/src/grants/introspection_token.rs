//! `grant_type=client_credentials` of a resource: a token that lets it introspect, and nothing else.
//!
//! A resource is a caller, not a client: it shares the namespace of client ids, and the scope `introspection` that it
//! asks for is one that no client can hold. So this is not a
//! [`GrantHandler`](super::GrantHandler).

use protocol::{GrantType, Params, Scopes, scope};

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

/// Whether it is the resource that asks. One whose id is also a client's asks as a client, unless it asks for the one
/// scope of resources.
pub(crate) fn is_asked(caller: &AuthenticatedCaller, params: &Params<'_>) -> bool {
    let is_introspection = !caller.resources.is_empty()
        && params.get("grant_type") == Some(GrantType::ClientCredentials.as_str())
        && params.get("scope") == Some(scope::INTROSPECTION);
    caller.client.is_none() || is_introspection
}

/// Mints a token that lets this resource introspect (RFC 7662 §2.1).
pub(crate) async fn decide(
    server: &AuthorizationServer,
    caller: &AuthenticatedCaller,
    params: &Params<'_>,
) -> Result<Decision<Issued>, Error> {
    let scopes = scopes(params)?;
    let claims = AccessClaims {
        grant: None,
        client: &caller.id,
        epoch: caller.epoch,
        subject: None,
        audience: TokenAudience { resources: Vec::new(), scopes, narrowed: false },
        authenticated_at: None,
    };
    let mut commit = Commit::new(server.now());
    let access = tokens::mint_access(server, claims, &mut commit).await?;
    Ok(Decision { commit, answer: Ok(Issued { access, refresh_token: None, id_token: None }) })
}

/// The rule: this grant type, and this scope.
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
