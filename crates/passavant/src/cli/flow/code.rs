//! The authorization code flow with PKCE, as a native client runs it.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, header};
use jose::{Claims, JwkSet, SignatureAlgorithm, Unverified, VerifyingKey};
use protocol::{CodeChallenge, GrantType, Scopes, display::Shown, scope};
use resource::{Clock as _, SystemClock};
use serde_json::Value;
use server::ports::{Entropy as _, SystemEntropy};

use super::{
    Client, endpoint, hops,
    loopback::{Arrived, Loopback},
};
use crate::terminal::{Failure, failed, misused, say};

/// How the answer comes back.
#[derive(Debug, clap::Args)]
pub(crate) struct Browser {
    /// The port of 127.0.0.1 at which the answer is waited for; any that is free by default
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The path of the redirect URI, as the client registered it
    #[arg(long, value_name = "PATH", default_value = "/callback")]
    redirect_path: String,
    /// Seconds to wait for the person
    #[arg(long, value_name = "N", default_value_t = 300)]
    timeout: u64,
}

/// Runs it; answers with what came.
pub(super) async fn run(client: &Client, browser: &Browser) -> Result<Value, Failure> {
    if !browser.redirect_path.starts_with('/') {
        return Err(misused("--redirect-path begins with a slash"));
    }
    let loopback = Loopback::open(browser.port, &browser.redirect_path).await?;
    let redirect_uri = loopback.redirect_uri()?;
    let (state, nonce, verifier) = (draw::<16>(), draw::<16>(), draw::<32>());
    let url = authorization_url(client, &redirect_uri, [&state, &nonce, &verifier])?;
    say(format_args!("open this in a browser on this machine:\n\n  {url}\n"));
    let waited = tokio::time::timeout(Duration::from_secs(browser.timeout), loopback.wait()).await;
    let arrived = waited.map_err(|_| failed("nobody came back in time"))??;
    say(format_args!("< the browser came back to {redirect_uri}"));
    let code = accept(client, arrived, &state)?;
    let form = [
        ("grant_type", GrantType::AuthorizationCode.as_str()),
        ("code", &code),
        ("redirect_uri", &redirect_uri),
        ("code_verifier", &verifier),
    ];
    let answer = client.ask_for_tokens(&form).await?;
    let mut record = client.record(&answer);
    if let Some(token) = answer.get("id_token").and_then(Value::as_str) {
        let claims = read_id_token(client, token, &nonce).await?;
        if let Some(access) = answer.get("access_token").and_then(Value::as_str) {
            record["userinfo"] = userinfo(client, access, &claims).await?;
        }
        record["id_token_claims"] = claims.into_map().into();
    }
    Ok(record)
}

fn authorization_url(
    client: &Client,
    redirect_uri: &str,
    [state, nonce, verifier]: [&str; 3],
) -> Result<String, Failure> {
    let url = endpoint(client.metadata.authorization_endpoint.as_deref(), "authorization")?;
    let challenge = CodeChallenge::of(verifier);
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs([
        ("response_type", "code"),
        ("client_id", &client.peer.client_id),
        ("redirect_uri", redirect_uri),
        ("state", state),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ]);
    if let Some(text) = &client.peer.scope {
        query.append_pair("scope", text);
        if Scopes::parse(text).is_ok_and(|scopes| scopes.contains(scope::OPENID)) {
            query.append_pair("nonce", nonce);
        }
    }
    client.peer.resource.iter().for_each(|resource| {
        query.append_pair("resource", resource);
    });
    let separator = if url.contains('?') { '&' } else { '?' };
    Ok(format!("{url}{separator}{}", query.finish()))
}

/// The code, if the answer is one to our own request (RFC 6749 §10.12) and of this server (RFC 9207 §2.4).
fn accept(client: &Client, arrived: Arrived, state: &str) -> Result<String, Failure> {
    if arrived.state.as_deref() != Some(state) {
        return Err(failed("the state that came back is another: this answers no request of ours"));
    }
    let is_promised = client.metadata.authorization_response_iss_parameter_supported;
    match &arrived.iss {
        Some(iss) if *iss != client.metadata.issuer => {
            return Err(failed(format_args!("the answer comes from {}", Shown(iss))));
        }
        None if is_promised => {
            return Err(failed("the answer does not say from which server it comes (iss)"));
        }
        Some(_) | None => {}
    }
    if let Some(error) = &arrived.error {
        let description = arrived.error_description.as_deref().unwrap_or("no reason");
        return Err(failed(format_args!("refused: {} ({})", Shown(error), Shown(description))));
    }
    arrived.code.ok_or_else(|| failed("no code came"))
}

/// Verifies an ID token (OpenID Connect Core 1.0 §3.1.3.7).
async fn read_id_token(client: &Client, token: &str, nonce: &str) -> Result<Claims, Failure> {
    let unverified = Unverified::parse(token)
        .map_err(|error| failed(format_args!("the ID token can't be read here: {error}")))?;
    let algorithm =
        unverified.algorithm().ok_or_else(|| failed("the ID token is signed by an unknown algorithm"))?;
    let key = verifying_key(client, unverified.kid(), algorithm).await?;
    let claims = unverified.verify(&key)?.claims()?;
    let expired = claims.time("exp")?.is_none_or(|exp| exp <= SystemClock::default().now().0);
    let wrong = if claims.string("iss")? != Some(&client.metadata.issuer) {
        Some("iss is not this server")
    } else if !claims.strings("aud")?.contains(&client.peer.client_id.as_str()) {
        Some("aud is not this client")
    } else if claims.string("nonce")? != Some(nonce) {
        Some("nonce is another one")
    } else {
        expired.then_some("it has expired")
    };
    match wrong {
        Some(wrong) => Err(failed(format_args!("the ID token is not good: {wrong}"))),
        None => Ok(claims),
    }
}

async fn verifying_key(
    client: &Client,
    kid: Option<&str>,
    algorithm: SignatureAlgorithm,
) -> Result<VerifyingKey, Failure> {
    if algorithm.is_symmetric() {
        let secret = client.secret.as_ref().ok_or_else(|| failed("a public client can't check a MAC"))?;
        return Ok(VerifyingKey::hmac(algorithm, secret.as_bytes())?);
    }
    let url = endpoint(client.metadata.jwks_uri.as_deref(), "key set")?;
    let answer = client.hops.go(Request::get(url).body(Bytes::new())?, &[]).await?;
    Ok(JwkSet::parse(answer.body())?.verifying_key(kid, algorithm)?)
}

/// What UserInfo says, if it is mounted and answers in plain JSON; about the same subject, or it is worth nothing
/// (OpenID Connect Core 1.0 §5.3.2).
async fn userinfo(client: &Client, access: &str, claims: &Claims) -> Result<Value, Failure> {
    let Some(url) = client.metadata.userinfo_endpoint.as_deref() else { return Ok(Value::Null) };
    let request = Request::get(endpoint(Some(url), "userinfo")?)
        .header(header::ACCEPT, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {access}"));
    let answer = client.hops.go(request.body(Bytes::new())?, &[]).await?;
    let is_json = answer
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if !answer.status().is_success() || !is_json {
        return Ok(Value::Null);
    }
    let members = hops::object(answer.body())?;
    if members.get("sub").and_then(Value::as_str) != claims.string("sub")? {
        return Err(failed("UserInfo speaks of another subject than the ID token"));
    }
    Ok(members.into())
}

/// Chance as text.
fn draw<const BYTES: usize>() -> String {
    let mut chance = [0; BYTES];
    SystemEntropy.fill(&mut chance);
    jose::base64url::encode(&chance)
}
