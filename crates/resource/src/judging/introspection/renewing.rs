//! An access token for introspection that is renewed as needed (client credentials grant, RFC 6749 §4.4).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use fetching::SingleFlight;
use http::{HeaderValue, Response};
use jose::Claims;
use protocol::Timestamp;
use protocol::display::Shown;
use zeroize::Zeroizing;

use crate::judging::introspection::client::IntrospectionClient;
use crate::judging::introspection::header::sensitive;
use crate::judging::introspection::request::FormRequest;
use crate::limits::{REFETCH_SECONDS, RETRY_SECONDS, TOKEN_FRESH_SECONDS};
use crate::reason::Reason;

/// The current access token, and how it is renewed: concurrent callers share one request.
pub(super) struct RenewedToken {
    scope: String,
    held: Mutex<Held>,
    renewals: SingleFlight<(), Result<Arc<HeldToken>, Reason>>,
}

#[derive(Default)]
struct Held {
    token: Option<Arc<HeldToken>>,
    /// When a renewal failed last, and why.
    failed: Option<(Timestamp, Reason)>,
    /// When a token was last renewed because the server had refused it.
    refused: Option<Timestamp>,
}

/// One access token. It has no `Debug`, since it is a secret.
pub(super) struct HeldToken {
    pub(super) header: HeaderValue,
    /// It is renewed from this time on.
    renew: Timestamp,
    /// It is not used from this time on.
    end: Timestamp,
}

impl RenewedToken {
    pub(super) fn new(scope: String) -> Self {
        Self { scope, held: Mutex::default(), renewals: SingleFlight::new(1) }
    }

    /// The current token. One that the server has just refused is replaced, at most once in [`REFETCH_SECONDS`], so
    /// that a server that refuses all tokens is not flooded with requests for new ones.
    pub(super) async fn get(
        self: &Arc<Self>,
        client: &Arc<IntrospectionClient>,
        refused: Option<&Arc<HeldToken>>,
    ) -> Result<Arc<HeldToken>, Reason> {
        let now = client.remote.now();
        let usable = match self.at_hand(now, refused)? {
            AtHand::Use(token) => return Ok(token),
            AtHand::Renew(usable) => usable,
        };
        let start = || {
            let (renewing, client) = (Arc::clone(self), Arc::clone(client));
            async move { renewing.renew(&client).await }
        };
        let renewed = self.renewals.join((), start).await.unwrap_or(Err(Reason::IntrospectionsTooMany));
        match (renewed, usable) {
            (Err(_), Some(usable)) => Ok(usable),
            (renewed, _) => renewed,
        }
    }

    fn at_hand(&self, now: Timestamp, refused: Option<&Arc<HeldToken>>) -> Result<AtHand, Reason> {
        let under_way = self.renewals.is_running(&());
        let mut held = self.lock();
        let known = |token: &Arc<HeldToken>| !refused.is_some_and(|refused| Arc::ptr_eq(refused, token));
        let usable = held.token.clone().filter(|token| now < token.end && known(token));
        let failed = held.failed.filter(|(at, _)| now.since(*at) < RETRY_SECONDS);
        match (usable, failed) {
            (Some(token), failed) if now < token.renew || under_way || failed.is_some() => {
                return Ok(AtHand::Use(token));
            }
            (None, Some((_, reason))) if !under_way => return Err(reason),
            (usable @ Some(_), _) => return Ok(AtHand::Renew(usable)),
            (None, _) => {}
        }
        if refused.is_some() && !under_way {
            if held.refused.is_some_and(|at| now.since(at) < REFETCH_SECONDS) {
                return Err(Reason::IntrospectionRefused);
            }
            held.refused = Some(now);
        }
        Ok(AtHand::Renew(None))
    }

    async fn renew(&self, client: &IntrospectionClient) -> Result<Arc<HeldToken>, Reason> {
        let now = client.remote.now();
        let found = self.request(client, now).await.map(Arc::new);
        let mut held = self.lock();
        held.failed = found.as_ref().err().map(|reason| (now, *reason));
        if let Ok(token) = &found {
            held.token = Some(Arc::clone(token));
        }
        found
    }

    async fn request(&self, client: &IntrospectionClient, now: Timestamp) -> Result<HeldToken, Reason> {
        let (caller, remote) = (&client.caller, &client.remote);
        let url = remote.discovery.token(caller.is_by_certificate()).await?;
        let fields = [("grant_type", "client_credentials"), ("scope", self.scope.as_str())];
        let form = FormRequest { url: &url, accept: "application/json", fields: &fields };
        let request = form.with_caller(caller, &client.addressees(now).await?)?;
        let answer = remote.http.fetch.fetch(request, remote.http.limits).await.map_err(|error| {
            tracing::warn!(url, %error, "the token endpoint is unavailable");
            Reason::IntrospectionFailed
        })?;
        read(&url, &answer, now)
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum AtHand {
    Use(Arc<HeldToken>),
    /// The token to use if it can't be renewed.
    Renew(Option<Arc<HeldToken>>),
}

/// The token in a successful answer (RFC 6749 §5.1).
fn read(url: &str, answer: &Response<Bytes>, now: Timestamp) -> Result<HeldToken, Reason> {
    let status = answer.status().as_u16();
    let members = Claims::parse(answer.body());
    if status != 200 {
        let error = members.as_ref().ok().and_then(|members| members.string("error").ok().flatten());
        let error = Shown(error.unwrap_or_default());
        tracing::error!(url, status, %error, "the token endpoint issues no token for introspection");
        // 400 and 401 are about us (RFC 6749 §5.2); all others are failures of the server.
        let about_us = matches!(status, 400 | 401 | 403);
        return Err(if about_us { Reason::IntrospectionRefused } else { Reason::IntrospectionFailed });
    }
    let token = members.map_err(|error| error.to_string()).and_then(|members| granted(&members, now));
    token.map_err(|why| {
        tracing::warn!(url, why, "malformed answer of the token endpoint");
        Reason::AnswerMalformed
    })
}

fn granted(members: &Claims, now: Timestamp) -> Result<HeldToken, String> {
    let text = |name| members.string(name).map_err(|error| error.to_string());
    match text("token_type")? {
        Some(kind) if kind.eq_ignore_ascii_case("bearer") => {}
        Some(_) | None => return Err("token_type is not Bearer".to_owned()),
    }
    let token = text("access_token")?.filter(|token| !token.is_empty()).ok_or("no access_token")?;
    let header = sensitive(&Zeroizing::new(format!("Bearer {token}")));
    let header = header.ok_or("access_token contains invalid characters")?;
    // Without `expires_in` it is used until it is refused, and renewed early.
    let (renew, end) = match members.time("expires_in").map_err(|error| error.to_string())? {
        Some(seconds) if seconds > 0 => (now + (seconds - seconds.div_euclid(4).max(1)), now + seconds),
        Some(_) => return Err("expires_in is not positive".to_owned()),
        None => (now + TOKEN_FRESH_SECONDS, Timestamp(i64::MAX)),
    };
    Ok(HeldToken { header, renew, end })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000);

    fn answered(status: u16, body: &'static str) -> Result<(Timestamp, Timestamp), Reason> {
        let answer = Response::builder().status(status).body(Bytes::from_static(body.as_bytes()));
        let token = read("https://id.example/token", &answer.expect("an answer"), NOW)?;
        Ok((token.renew, token.end))
    }

    #[test]
    fn a_token_is_renewed_when_a_quarter_of_its_life_is_left() {
        for (body, renew, end) in [
            (r#"{"access_token":"t","token_type":"Bearer","expires_in":600}"#, 1_450, 1_600),
            (r#"{"access_token":"t","token_type":"bearer","expires_in":2}"#, 1_001, 1_002),
            (r#"{"access_token":"t","token_type":"Bearer","expires_in":1}"#, 1_000, 1_001),
            (r#"{"access_token":"t","token_type":"Bearer"}"#, 1_300, i64::MAX),
        ] {
            assert_eq!(answered(200, body), Ok((Timestamp(renew), Timestamp(end))), "{body}");
        }
    }

    #[test]
    fn an_answer_without_a_bearer_token_is_none() {
        for body in [
            "",
            "[]",
            "{}",
            r#"{"access_token":"t"}"#,
            r#"{"access_token":"t","token_type":"DPoP"}"#,
            r#"{"access_token":"","token_type":"Bearer"}"#,
            r#"{"access_token":"a\nb","token_type":"Bearer"}"#,
            r#"{"access_token":7,"token_type":"Bearer"}"#,
            r#"{"access_token":"t","token_type":"Bearer","expires_in":"600"}"#,
            r#"{"access_token":"t","token_type":"Bearer","expires_in":0}"#,
        ] {
            assert_eq!(answered(200, body), Err(Reason::AnswerMalformed), "{body}");
        }
    }

    #[test]
    fn a_refusal_is_about_us_and_anything_else_is_the_servers_trouble() {
        for status in [400, 401, 403] {
            let found = answered(status, r#"{"error":"invalid_client"}"#);
            assert_eq!(found, Err(Reason::IntrospectionRefused), "{status}");
        }
        for status in [204, 302, 404, 429, 500, 503] {
            assert_eq!(answered(status, "<html>"), Err(Reason::IntrospectionFailed), "{status}");
        }
    }
}
