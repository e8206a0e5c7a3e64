//! `grant_type=client_credentials` (RFC 6749 §4.4): the client acts on its own behalf.

use async_trait::async_trait;
use protocol::{GrantType, Scopes};

use crate::{
    AuthorizationServer,
    audience::{self, RequestedResources},
    context::{GrantHandler, Installed, TokenRequest},
    error::Error,
    reason::Reason,
    registry::RegisteredClient,
    settle::Decision,
    store::Commit,
    tokens::{self, AccessClaims, Issued},
};

/// Issues a token to the client itself.
#[derive(Clone, Copy, Debug)]
pub struct ClientCredentials;

pub(crate) fn install(installed: &mut Installed) {
    installed.grant(ClientCredentials);
}

#[async_trait]
impl GrantHandler for ClientCredentials {
    fn grant_type(&self) -> GrantType {
        GrantType::ClientCredentials
    }

    async fn decide(
        &self,
        server: &AuthorizationServer,
        request: &TokenRequest<'_>,
    ) -> Result<Decision<Issued>, Error> {
        let scopes = scopes(&request.client, request.params.get("scope"))?;
        let resources = server.registry().resources().await?;
        let wanted = RequestedResources::read(request.params.all("resource"))?;
        let audience = audience::of(&resources, &request.client, &scopes, &wanted)?;
        let claims = AccessClaims {
            grant: None,
            client: request.client.id(),
            epoch: request.client.caller.epoch,
            subject: None,
            audience,
            authenticated_at: None,
            details: None,
            confirmation: request.confirmation(),
            exchanged: None,
        };
        let mut commit = Commit::new(request.now);
        let access = tokens::mint_access(server, claims, &mut commit).await?;
        Ok(Decision {
            commit,
            answer: Ok(Issued { access, refresh_token: None, id_token: None, issued_token_type: None }),
        })
    }
}

/// Only for confidential clients, and only registered scopes.
fn scopes(client: &RegisteredClient, asked: Option<&str>) -> Result<Scopes, Reason> {
    if client.is_public() {
        return Err(Reason::ClientCredentialsNotAllowed);
    }
    let Some(text) = asked else { return Ok(client.default_scopes()) };
    let scopes = Scopes::parse(text).map_err(|_| Reason::ScopeMalformed)?;
    if scopes.is_subset(&client.scopes) { Ok(scopes) } else { Err(Reason::ScopeNotRegistered) }
}
