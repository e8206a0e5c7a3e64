//! The device grant, as a device without a browser runs it (RFC 8628).

use std::time::Duration;

use fetching::{Clock as _, SystemClock};
use protocol::display::Shown;
use serde_json::Value;

use super::client::{Client, Peer};
use crate::terminal::{Failure, failed, say};

/// Runs it; returns what was issued.
pub(super) async fn run(client: &Client) -> Result<Value, Failure> {
    let Client { peer: Peer { scope, resource, .. }, relying_party } = client;
    let mut device = relying_party.device_authorization(scope.as_deref(), resource).await?;
    say(format_args!(
        "open this in a browser, on any device, and enter the code {}:\n\n  {}\n",
        Shown(&device.user_code),
        Shown(&device.verification_uri)
    ));
    if let Some(complete) = &device.verification_uri_complete {
        say(format_args!("or open this, and compare the code:\n\n  {}\n", Shown(complete)));
    }
    let clock = SystemClock::default();
    let until = clock.now() + i64::try_from(device.expires_in).unwrap_or(i64::MAX);
    let tokens = loop {
        tokio::time::sleep(Duration::from_secs(device.interval())).await;
        if let Some(tokens) = relying_party.poll(&mut device).await? {
            break tokens;
        }
        if clock.now() >= until {
            return Err(failed("the code expired before anybody used it"));
        }
    };
    let mut record = client.record(&tokens);
    if let Some(token) = &tokens.id_token {
        let claims = relying_party.verify_id_token(token, &tokens, None, clock.now()).await?;
        record.insert("id_token_claims".to_owned(), claims.into());
    }
    Ok(record.into())
}
