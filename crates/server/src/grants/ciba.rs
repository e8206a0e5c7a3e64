//! `grant_type=urn:openid:params:grant-type:ciba` (OpenID Connect Client-Initiated Backchannel Authentication 1.0 §10.1).

use async_trait::async_trait;
use protocol::GrantType;

use crate::{
    AuthorizationServer,
    context::{GrantHandler, Installed, TokenRequest},
    deferred::{self, Kind, ping},
    endpoints::backchannel_authentication,
    error::Error,
    settings::BackchannelAuthentication,
    settle::Decision,
    tokens::Issued,
};

/// Redeems an `auth_req_id` (CIBA Core 1.0 §10.1).
#[derive(Clone, Copy, Debug)]
pub struct CibaGrant {
    interval: i64,
}

/// Installs the endpoint that takes the requests, the grant that redeems them, and the step that pings clients.
pub(crate) fn install(installed: &mut Installed, backchannel: &BackchannelAuthentication) {
    installed.grant(CibaGrant { interval: backchannel.interval });
    backchannel_authentication::install(installed, backchannel);
    installed.maintenance(|server, limit| Box::pin(ping::step(server, limit)));
}

#[async_trait]
impl GrantHandler for CibaGrant {
    fn grant_type(&self) -> GrantType {
        GrantType::Ciba
    }

    async fn decide(
        &self,
        server: &AuthorizationServer,
        request: &TokenRequest<'_>,
    ) -> Result<Decision<Issued>, Error> {
        let id = request.require("auth_req_id")?;
        deferred::decide(server, request, id, Kind::Ciba, self.interval).await
    }
}
