//! The device grant, as a device runs it (RFC 8628).

use protocol::GrantType;
use serde::Deserialize;

use super::{RelyingParty, RelyingPartyError, Tokens, endpoint};

/// Seconds between two polls where the server names none (RFC 8628 §3.2).
const INTERVAL: u64 = 5;
/// Seconds that `slow_down` adds to the interval (RFC 8628 §3.5).
const SLOWER_BY: u64 = 5;

/// What a server answers to a device (RFC 8628 §3.2).
#[derive(Clone, Debug, Deserialize)]
pub struct DeviceAuthorization {
    device_code: String,
    /// What the user types.
    pub user_code: String,
    /// Where the user types it.
    pub verification_uri: String,
    /// The same with the code in it.
    pub verification_uri_complete: Option<String>,
    /// Seconds until both codes expire.
    pub expires_in: u64,
    #[serde(default = "interval")]
    interval: u64,
}

fn interval() -> u64 {
    INTERVAL
}

impl DeviceAuthorization {
    /// Seconds to wait before the next poll.
    pub fn interval(&self) -> u64 {
        self.interval.max(1)
    }
}

impl RelyingParty {
    /// Asks for a device code and a user code (RFC 8628 §3.1).
    ///
    /// # Errors
    /// [`RelyingPartyError`]
    pub async fn device_authorization(
        &self,
        scope: Option<&str>,
        resources: &[String],
    ) -> Result<DeviceAuthorization, RelyingPartyError> {
        let url = endpoint(self.metadata.device_authorization_endpoint.as_deref(), "device authorization")?;
        let mut fields = Vec::new();
        fields.extend(scope.map(|scope| ("scope", scope)));
        fields.extend(resources.iter().map(|resource| ("resource", resource.as_str())));
        let answer = self.post(url, &fields).await?;
        if !answer.status().is_success() {
            return Err(RelyingPartyError::refused(&answer));
        }
        let read = serde_json::from_slice(answer.body());
        read.map_err(|error| RelyingPartyError::AnswerInvalid(error.to_string()))
    }

    /// Asks whether the user has answered (RFC 8628 §3.4). `None`: not yet. The interval grows where the server says so.
    ///
    /// # Errors
    /// [`RelyingPartyError`]: the user denied it, or it expired, among others.
    pub async fn poll(&self, device: &mut DeviceAuthorization) -> Result<Option<Tokens>, RelyingPartyError> {
        let grant_type = GrantType::DeviceCode.as_str();
        match self.tokens(&[("grant_type", grant_type), ("device_code", &device.device_code)]).await {
            Ok(tokens) => Ok(Some(tokens)),
            Err(RelyingPartyError::Refused { error, .. }) if error == "authorization_pending" => Ok(None),
            Err(RelyingPartyError::Refused { error, .. }) if error == "slow_down" => {
                device.interval += SLOWER_BY;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
