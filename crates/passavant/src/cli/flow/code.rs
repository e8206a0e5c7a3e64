//! The authorization code flow with PKCE, as a native client runs it.

use std::time::Duration;

use demo::{CallbackListener, SignIn};
use fetching::{Clock as _, SystemClock};
use serde_json::Value;

use super::client::{Client, Peer};
use crate::terminal::{Failure, failed, misused, say};

/// How the browser returns.
#[derive(Debug, clap::Args)]
pub(crate) struct Browser {
    /// Port of 127.0.0.1 to listen on for the response; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Path of the redirect URI that the client registered
    #[arg(long, value_name = "PATH", default_value = "/callback")]
    redirect_path: String,
    /// Seconds to wait for the browser
    #[arg(long, value_name = "N", default_value_t = 300)]
    timeout: u64,
}

/// Runs it; returns what was issued.
pub(super) async fn run(client: &Client, browser: &Browser) -> Result<Value, Failure> {
    if !browser.redirect_path.starts_with('/') {
        return Err(misused("--redirect-path must begin with a slash"));
    }
    let Client { peer: Peer { scope, resource, .. }, relying_party } = client;
    let callback = CallbackListener::open(browser.port, &browser.redirect_path).await;
    let callback = callback
        .map_err(|error| failed(format_args!("can't listen on 127.0.0.1:{}: {error}", browser.port)))?;
    let sign_in = SignIn::new(callback.redirect_uri());
    let url = relying_party.authorization_url(&sign_in, scope.as_deref(), resource)?;
    say(format_args!("open this in a browser on this machine:\n\n  {url}\n"));
    let waited = tokio::time::timeout(Duration::from_secs(browser.timeout), callback.wait()).await;
    let response = waited.map_err(|_| failed("the browser did not return in time"))?;
    let response = response.ok_or_else(|| failed("the listener for the browser failed"))?;
    say(format_args!("< the browser returned to {}", sign_in.redirect_uri));
    let code = relying_party.code(&sign_in, &response)?;
    let tokens = relying_party.redeem(&sign_in, &code).await?;
    let mut record = client.record(&tokens);
    if let Some(token) = &tokens.id_token {
        let now = SystemClock::default().now();
        let claims = relying_party.verify_id_token(token, &tokens, Some(sign_in.nonce()), now).await?;
        let subject = claims.get("sub").and_then(Value::as_str);
        let userinfo = relying_party.userinfo(&tokens.access_token, subject).await?;
        record.insert("userinfo".to_owned(), userinfo.map_or(Value::Null, Value::Object));
        record.insert("id_token_claims".to_owned(), claims.into());
    }
    Ok(record.into())
}
