//! Introspection with JSON (RFC 7662): the request, and the outcome of each answer.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use jose::{DecryptionKey, KeyManagement};
use passavant_resource::{AnswerForm, ClientAuth, Credentials, FetchError, GuardError, Mode, Reason};
use serde_json::{Value, json};

use crate::support::{
    AUDIENCE, ISSUER, NOW, Script, World, check, claims, json_answer, key, merge, refused, sign, status,
};

/// The answer that satisfies every kind of resource server, with some members replaced or removed.
pub(crate) fn active(changes: Value) -> Value {
    let mut answer = json!({
        "active": true, "scope": "read groups", "client_id": "web", "username": "alice", "sub": "1",
        "token_type": "Bearer", "exp": NOW + 600, "iat": NOW - 60, "iss": ISSUER
    });
    merge(&mut answer, changes);
    answer
}

fn typed(media_type: &'static str, body: &str) -> Script {
    Script::Answer { status: 200, media_type, body: Bytes::copy_from_slice(body.as_bytes()) }
}

fn with_status(status: u16) -> Script {
    let body = active(json!({})).to_string().into();
    Script::Answer { status, media_type: "application/json", body }
}

#[tokio::test]
async fn an_active_token_is_accepted() {
    let world = World::new();
    world.server.set("/introspect", json_answer(&active(json!({}))));
    let guard = world.introspecting().build().expect("a guard");
    let token = check(&guard, "opaque").await.expect("accepted");
    assert_eq!((token.subject(), token.client(), token.username()), ("1", Some("web"), Some("alice")));
    assert_eq!(token.scopes().as_str(), "read groups");
    assert_eq!(token.expires().map(|time| time.0), Some(NOW + 600));
}

/// RFC 9068 §2.2: the `sub` of a token that nobody approved is its client.
#[tokio::test]
async fn a_machine_is_told_from_a_user() {
    let world = World::new();
    let guard = world.introspecting().build().expect("a guard");
    for (token, subject, is_user) in [("t1", "1", true), ("t2", "web", false), ("t3", "other", true)] {
        world.server.set("/introspect", json_answer(&active(json!({"sub": subject}))));
        assert_eq!(check(&guard, token).await.expect("accepted").is_user(), is_user, "{subject}");
    }
}

#[tokio::test]
async fn what_is_sent_is_the_token_and_who_asks() {
    let world = World::new();
    world.server.set("/introspect", json_answer(&active(json!({}))));
    for (method, header, body) in [
        (ClientAuth::Basic, Some("Basic bm90ZXMtcnM6YS1zZWNyZXQtb2YtMjItY2hhcmFjdGVycw=="), "token=opaque"),
        (ClientAuth::Bearer, Some("Bearer a-secret-of-22-characters"), "token=opaque"),
        (ClientAuth::Post, None, "token=opaque&client_id=notes-rs&client_secret=a-secret-of-22-characters"),
    ] {
        let guard = world.introspecting().client_auth(method).build().expect("a guard");
        assert!(check(&guard, "opaque").await.is_ok());
        let sent = world.server.last();
        assert_eq!(sent.method(), "POST");
        assert_eq!(sent.uri().path(), "/introspect");
        assert_eq!(sent.headers()[CONTENT_TYPE], "application/x-www-form-urlencoded");
        assert_eq!(sent.headers()[ACCEPT], "application/json");
        assert_eq!(sent.headers().get(AUTHORIZATION).map(|value| value.to_str().expect("ASCII")), header);
        assert_eq!(sent.body(), body);
    }
}

/// django-lasuite decodes tokens that happen to be base64, so that another token is introspected.
#[tokio::test]
async fn a_token_that_is_base64_is_sent_as_it_came() {
    let world = World::new();
    world.server.set("/introspect", json_answer(&active(json!({}))));
    let guard = world.introspecting().build().expect("a guard");
    for (token, body) in [("c2VjcmV0", "token=c2VjcmV0"), ("c2VjcmV0cw==", "token=c2VjcmV0cw%3D%3D")] {
        assert!(check(&guard, token).await.is_ok());
        assert_eq!(world.server.last().body(), body);
    }
}

/// As django-oidc-provider answers, whose `exp` is the ID token's.
#[tokio::test]
async fn active_is_taken_over_a_past_exp_only_where_that_was_asked_for() {
    let world = World::new();
    world.server.set("/introspect", json_answer(&active(json!({"exp": NOW - 600}))));
    let strict = world.introspecting().build().expect("a guard");
    assert_eq!(refused(&strict, "opaque").await, Reason::TokenExpired);
    let lenient = world.introspecting().danger_ignore_exp().build().expect("a guard");
    assert!(check(&lenient, "opaque").await.is_ok());
    world.server.set("/introspect", json_answer(&json!({"active": false})));
    world.clock.advance(11);
    assert_eq!(refused(&lenient, "opaque").await, Reason::TokenInactive, "kept no longer than any answer");
    let expired = world.jwt(json!({"exp": NOW - 600}));
    assert_eq!(refused(&lenient, &expired).await, Reason::TokenExpired, "a JWT ends at its exp");
}

/// The server says that the token is at fault, so the caller gets 401 and not 503.
#[tokio::test]
async fn a_kind_that_the_server_does_not_introspect_is_refused() {
    let world = World::new();
    let guard = world.introspecting().build().expect("a guard");
    let bodies = [
        (r#"{"error":"unsupported_token_type"}"#, Reason::TokenMalformed),
        (r#"{"error":"invalid_request"}"#, Reason::IntrospectionFailed),
        (r#"{"error":["unsupported_token_type"]}"#, Reason::IntrospectionFailed),
        ("unsupported_token_type", Reason::IntrospectionFailed),
    ];
    for (body, reason) in bodies {
        let body = Bytes::from_static(body.as_bytes());
        world.server.set("/introspect", Script::Answer { status: 400, media_type: "application/json", body });
        assert_eq!(refused(&guard, "opaque").await, reason);
    }
}

/// Every line of what resource servers do with odd answers, as an answer to us: 401, 403 or 503, and never more
/// than that.
#[tokio::test]
async fn every_odd_answer_is_refused_with_its_reason() {
    use Reason::{
        AnswerMalformed, AudienceWrong, CertificateMissing, ClaimMalformed, ClaimMissing, ClockSkewed,
        ConfirmationUnknown, IntrospectionFailed, IntrospectionRefused, IssuerWrong, KindWrong,
        ScopeInsufficient, TokenBound, TokenExpired, TokenInactive, TokenNotYetValid,
    };
    const KEY: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    let answer = |members: Value| {
        let mut answer = active(json!({}));
        answer.as_object_mut().expect("an object").extend(members.as_object().expect("an object").clone());
        json_answer(&answer)
    };
    let rows = [
        ("active false", json_answer(&json!({"active": false})), TokenInactive),
        ("active false with members", answer(json!({"active": false})), TokenInactive),
        ("active a string", answer(json!({"active": "true"})), ClaimMalformed),
        ("active 1", answer(json!({"active": 1})), ClaimMalformed),
        ("active null", answer(json!({"active": null})), ClaimMalformed),
        ("active missing", json_answer(&active(json!({"active": null}))), ClaimMissing),
        ("active in another case", json_answer(&json!({"Active": true})), ClaimMissing),
        ("scope missing", json_answer(&active(json!({"scope": null}))), ScopeInsufficient),
        ("scope empty", answer(json!({"scope": ""})), ScopeInsufficient),
        ("scope another", answer(json!({"scope": "reads"})), ScopeInsufficient),
        ("scope a list of other things", answer(json!({"scope": ["read", 7]})), ClaimMalformed),
        ("scope null", answer(json!({"scope": null})), ScopeInsufficient),
        ("exp a string", answer(json!({"exp": "1800000600"})), ClaimMalformed),
        ("exp past", answer(json!({"exp": NOW - 3600})), TokenExpired),
        ("exp zero", answer(json!({"exp": 0})), TokenExpired),
        (
            "exp beyond all numbers",
            typed("application/json", r#"{"active":true,"scope":"read","exp":1e999}"#),
            AnswerMalformed,
        ),
        ("iat ahead", answer(json!({"iat": NOW + 600})), ClockSkewed),
        ("nbf in ten minutes", answer(json!({"nbf": NOW + 600})), TokenNotYetValid),
        ("sub a number", answer(json!({"sub": 1})), ClaimMalformed),
        ("client_id a list", answer(json!({"client_id": ["web"]})), ClaimMalformed),
        ("iss with a slash more", answer(json!({"iss": format!("{ISSUER}/")})), IssuerWrong),
        ("iss foreign", answer(json!({"iss": "https://evil.example"})), IssuerWrong),
        ("iss null", answer(json!({"iss": null})), ClaimMalformed),
        ("aud of somebody else", answer(json!({"aud": "https://other.example"})), AudienceWrong),
        ("aud a client id", answer(json!({"aud": "web"})), AudienceWrong),
        ("aud a prefix", answer(json!({"aud": "https://notes"})), AudienceWrong),
        ("aud an object", answer(json!({"aud": {"a": AUDIENCE}})), ClaimMalformed),
        ("token_type DPoP and cnf", answer(json!({"token_type": "DPoP", "cnf": {"jkt": KEY}})), TokenBound),
        ("token_type DPoP alone", answer(json!({"token_type": "DPoP"})), ConfirmationUnknown),
        ("cnf of a certificate", answer(json!({"cnf": {"x5t#S256": KEY}})), CertificateMissing),
        ("cnf malformed", answer(json!({"cnf": {"x5t#S256": "x"}})), ConfirmationUnknown),
        ("a refresh token", answer(json!({"token_use": "refresh_token"})), KindWrong),
        ("status 201", with_status(201), IntrospectionFailed),
        ("status 204", with_status(204), IntrospectionFailed),
        ("status 301", with_status(301), IntrospectionFailed),
        ("status 307", with_status(307), IntrospectionFailed),
        ("status 400", with_status(400), IntrospectionFailed),
        ("status 401", with_status(401), IntrospectionRefused),
        ("status 403", with_status(403), IntrospectionRefused),
        ("status 403, empty", status(403), IntrospectionRefused),
        ("status 404", with_status(404), IntrospectionFailed),
        ("status 429", with_status(429), IntrospectionFailed),
        ("status 500", with_status(500), IntrospectionFailed),
        ("status 503", with_status(503), IntrospectionFailed),
        ("not JSON", typed("application/json", "<html>"), AnswerMalformed),
        ("nothing", typed("application/json", ""), AnswerMalformed),
        ("half an answer", typed("application/json", r#"{"active":true,"scope":"re"#), AnswerMalformed),
        ("an array", typed("application/json", r#"[{"active":true}]"#), AnswerMalformed),
        ("a string", typed("application/json", r#""true""#), AnswerMalformed),
        ("true", typed("application/json", "true"), AnswerMalformed),
        ("a member twice", typed("application/json", r#"{"active":false,"active":true}"#), AnswerMalformed),
        ("bytes after the end", typed("application/json", r#"{"active":true}x"#), AnswerMalformed),
        (
            "typed as JWT, but JSON",
            typed("application/token-introspection+jwt", r#"{"active":true}"#),
            Reason::AnswerUntrusted,
        ),
        ("nested without end", typed("application/json", &"[".repeat(60_000)), AnswerMalformed),
        (
            "huge",
            Script::Answer {
                status: 200,
                media_type: "application/json",
                body: vec![b' '; 100_000_000].into(),
            },
            AnswerMalformed,
        ),
        ("cut off by the client", Script::Fail(FetchError::TooLarge), IntrospectionFailed),
        ("unreachable", Script::Fail(FetchError::Unreachable("refused".to_owned())), IntrospectionFailed),
        ("too slow", Script::Fail(FetchError::Timeout), IntrospectionFailed),
    ];
    for (name, script, reason) in rows {
        let world = World::new();
        world.server.set("/introspect", script);
        let guard = world.introspecting().required_scopes("read").build().expect("a guard");
        assert_eq!(refused(&guard, "opaque").await, reason, "{name}");
    }
}

#[tokio::test]
async fn every_answer_that_others_accept_with_reason_is_accepted() {
    let rows = [
        ("active and scope", json_answer(&json!({"active": true, "scope": "read"}))),
        ("no exp", json_answer(&active(json!({"exp": null})))),
        ("exp a float", json_answer(&active(json!({"exp": 1_800_000_600.5})))),
        ("no sub", json_answer(&active(json!({"sub": null})))),
        ("no username", json_answer(&active(json!({"username": null})))),
        ("no iss", json_answer(&active(json!({"iss": null})))),
        ("aud ours", json_answer(&active(json!({"aud": AUDIENCE})))),
        ("aud a list with ours", json_answer(&active(json!({"aud": ["web", AUDIENCE]})))),
        ("token_type in lower case", json_answer(&active(json!({"token_type": "bearer"})))),
        ("iat and nbf two seconds ahead", json_answer(&active(json!({"iat": NOW + 2, "nbf": NOW + 2})))),
        ("unknown members", json_answer(&active(json!({"ext": {"a": [1, null]}})))),
        ("text/plain", typed("text/plain", &active(json!({})).to_string())),
        ("a charset", typed("application/json; charset=utf-8", &active(json!({})).to_string())),
    ];
    for (name, script) in rows {
        let world = World::new();
        world.server.set("/introspect", script);
        let guard = world.introspecting().required_scopes("read").build().expect("a guard");
        let found = check(&guard, "opaque").await;
        assert!(found.is_ok(), "{name}: {found:?}");
    }
}

#[tokio::test]
async fn an_audience_may_be_demanded_of_answers() {
    let world = World::new();
    world.server.set("/introspect", json_answer(&active(json!({}))));
    let guard = world.introspecting().require_audience().build().expect("a guard");
    assert_eq!(refused(&guard, "opaque").await, Reason::ClaimMissing);
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_given_up_at_the_deadline() {
    let world = World::new();
    world.server.set("/introspect", Script::Hang);
    let guard = world.introspecting().deadline(Duration::from_millis(800)).build().expect("a guard");
    let began = tokio::time::Instant::now();
    assert_eq!(refused(&guard, "opaque").await, Reason::IntrospectionFailed);
    assert_eq!(began.elapsed(), Duration::from_millis(800));
}

#[tokio::test]
async fn the_same_guard_takes_jwts_and_opaque_tokens() {
    let world = World::new();
    world.server.set("/introspect", json_answer(&active(json!({"sub": "introspected"}))));
    let guard = world.introspecting().build().expect("a guard");
    assert_eq!(check(&guard, &world.jwt(json!({}))).await.expect("accepted").subject(), "u-1");
    assert_eq!(world.server.calls("/introspect"), 0);
    let foreign = sign(
        &key(jose::SignatureAlgorithm::Es256),
        Some("JWT"),
        None,
        &claims(json!({"iss": "https://other.example"})),
    );
    for token in ["opaque", "with.two.dots", &foreign] {
        assert_eq!(check(&guard, token).await.expect("accepted").subject(), "introspected", "{token}");
    }
    assert_eq!(world.server.calls("/introspect"), 3);
    let always = world.introspecting().mode(Mode::Introspection).build().expect("a guard");
    assert_eq!(check(&always, &world.jwt(json!({}))).await.expect("accepted").subject(), "introspected");
}

#[tokio::test]
async fn a_server_without_introspection_is_503() {
    let world = World::new();
    let metadata = json!({"issuer": ISSUER, "jwks_uri": format!("{ISSUER}/jwks")});
    world.server.set("/.well-known/oauth-authorization-server", json_answer(&metadata));
    let guard = world.introspecting().build().expect("a guard");
    assert_eq!(refused(&guard, "opaque").await, Reason::EndpointMissing);
    let configured = world.introspecting().introspection_url("https://id.example/elsewhere");
    world.server.set("/elsewhere", json_answer(&active(json!({}))));
    assert!(check(&configured.build().expect("a guard"), "opaque").await.is_ok());
}

#[tokio::test]
async fn credentials_that_can_not_work_are_refused_when_the_guard_is_built() {
    let world = World::new();
    let empty = world.builder().introspect("notes-rs", "").build();
    assert!(matches!(empty, Err(GuardError::Credentials)));
    let nameless = world.builder().introspect("", "token").client_auth(ClientAuth::Bearer);
    assert!(matches!(nameless.response(AnswerForm::Jwt).build(), Err(GuardError::AnswerAudience)));
    let nameless = world.builder().introspect("", "token").client_auth(ClientAuth::Bearer);
    let key = DecryptionKey::generate(KeyManagement::EcdhEs).expect("a key");
    assert!(matches!(nameless.decryption_key(key).build(), Err(GuardError::AnswerAudience)));
    let long = world.introspecting().cache(Duration::from_secs(3601)).build();
    assert!(matches!(long, Err(GuardError::Cache)));
    let long = world.introspecting().danger_accept_last_answer(Duration::from_secs(3601)).build();
    assert!(matches!(long, Err(GuardError::LastAnswer)));
    let short = world.builder().introspect_as(Credentials::client_secret_jwt("notes-rs", "short")).build();
    assert!(matches!(short, Err(GuardError::SecretLength)));
}
