//! `grant_type=urn:ietf:params:oauth:grant-type:device_code` (RFC 8628 §3.4).

use async_trait::async_trait;
use protocol::GrantType;

use crate::{
    AuthorizationServer,
    context::{GrantHandler, Installed, TokenRequest},
    deferred::{self, Kind},
    endpoints::device_authorization,
    error::Error,
    settings::DeviceFlow,
    settle::Decision,
    tokens::Issued,
};

/// Redeems a device code (RFC 8628 §3.4).
#[derive(Clone, Copy, Debug)]
pub struct DeviceCodeGrant {
    interval: i64,
}

/// Installs the endpoint that issues device codes, and the grant that redeems them.
pub(crate) fn install(installed: &mut Installed, device: &DeviceFlow) {
    installed.grant(DeviceCodeGrant { interval: device.interval });
    device_authorization::install(installed, device);
}

#[async_trait]
impl GrantHandler for DeviceCodeGrant {
    fn grant_type(&self) -> GrantType {
        GrantType::DeviceCode
    }

    async fn decide(
        &self,
        server: &AuthorizationServer,
        request: &TokenRequest<'_>,
    ) -> Result<Decision<Issued>, Error> {
        let code = request.require("device_code")?;
        deferred::decide(server, request, code, Kind::Device, self.interval).await
    }
}
