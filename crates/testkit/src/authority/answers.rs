//! The correct answers: metadata, keys, introspection, `client_credentials`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jose::{Claims, JwkSet, Unverified};
use protocol::Params;
use serde_json::{Map, Value, json};

use super::{
    Authority,
    listening::{Answer, Answering, Question},
    malfunction::Malfunction,
    minting::LIFETIME_SECONDS,
};

/// The media type of a JWT answer (RFC 9701 §4).
const JWT_ANSWER: &str = "application/token-introspection+jwt";

impl Answer {
    fn json(value: &Value) -> Self {
        Self {
            media_type: "application/json".to_owned(),
            body: value.to_string().into(),
            ..Self::status(200)
        }
    }
}

impl Answering for Authority {
    fn malfunction_at(&self, path: &str) -> Option<Malfunction> {
        let mut state = self.state();
        *state.requests.entry(path.to_owned()).or_default() += 1;
        state.malfunction.clone()
    }

    fn answer(&self, question: &Question) -> Answer {
        match (question.method.as_str(), question.path.as_str()) {
            ("GET", "/.well-known/oauth-authorization-server" | "/.well-known/openid-configuration") => {
                Answer::json(&self.metadata())
            }
            ("GET", "/jwks") => Answer::json(&self.jwks()),
            ("POST", "/introspect") => self.introspect(question),
            ("POST", "/token") => self.issue(question),
            (_, "/jwks" | "/introspect" | "/token") => Answer::status(405),
            _ => Answer::status(404),
        }
    }
}

impl Authority {
    /// RFC 7662 §2: any client id or token is accepted as authentication.
    fn introspect(&self, question: &Question) -> Answer {
        let Ok(form) = Params::parse(&question.body) else { return Answer::status(400) };
        let Some(token) = form.get("token") else { return Answer::status(400) };
        let Some(caller) = caller(question, &form) else { return Answer::status(401) };
        let said = self.said_of(token);
        if !question.accept.as_ref().is_some_and(|accept| accept.contains(JWT_ANSWER)) {
            return Answer::json(&said);
        }
        let answer = self.introspection_answer(&caller, said);
        let recipient = self.state().recipient.clone();
        let body = match recipient {
            Some((key, algorithm, content)) => answer.encrypt(&key, algorithm, content),
            None => answer.sign(),
        };
        Answer { media_type: JWT_ANSWER.to_owned(), body: body.into(), ..Answer::status(200) }
    }

    /// RFC 6749 §4.4: any client gets the requested scope, for the requested resource (RFC 8707).
    fn issue(&self, question: &Question) -> Answer {
        let Ok(form) = Params::parse(&question.body) else { return Answer::status(400) };
        let Some(caller) = caller(question, &form) else { return Answer::status(401) };
        if form.get("grant_type") != Some("client_credentials") {
            let refused = json!({ "error": "unsupported_grant_type" });
            return Answer { status: 400, ..Answer::json(&refused) };
        }
        let (resource, scope) = (form.get("resource").unwrap_or(self.issuer()), form.get("scope"));
        let token = self.token(resource).client(&caller).scope(scope.unwrap_or_default()).sign();
        Answer::json(
            &json!({ "access_token": token, "token_type": "Bearer", "expires_in": LIFETIME_SECONDS }),
        )
    }

    /// The introspection response for a token: its claims, or that it is not active.
    fn said_of(&self, token: &str) -> Value {
        let now = self.now();
        let lives = |claims: &Map<String, Value>| {
            claims.get("exp").and_then(Value::as_i64).is_none_or(|expires| now.0 < expires)
        };
        let revoked = self.state().revoked.contains(token);
        match self.claims_of(token).filter(|claims| !revoked && lives(claims)) {
            Some(mut claims) => {
                claims.insert("active".to_owned(), true.into());
                Value::Object(claims)
            }
            None => json!({ "active": false }),
        }
    }

    fn claims_of(&self, token: &str) -> Option<Map<String, Value>> {
        if let Some(claims) = self.state().opaque.get(token) {
            return Some(claims.clone());
        }
        let jwt = Unverified::parse(token).ok()?;
        let keys = JwkSet::from_value(&self.jwks()).ok()?;
        let keys = keys.verifying_keys(jwt.kid(), jwt.algorithm()?).ok()?;
        jwt.verify_any(&keys).ok()?.claims().ok().map(Claims::into_map)
    }
}

/// The id of the caller: from HTTP Basic or the body, or `bearer` if it sends a token.
fn caller(question: &Question, form: &Params<'_>) -> Option<String> {
    if let Some(id) = form.get("client_id") {
        return Some(id.to_owned());
    }
    let (scheme, value) = question.authorization.as_deref()?.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some("bearer".to_owned());
    }
    let decoded = STANDARD.decode(value).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let id = decoded.split(|byte| *byte == b':').next()?;
    protocol::params::decode(id).ok().map(|id| id.into_owned())
}
