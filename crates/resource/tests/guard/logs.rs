//! The log has the reason, and contains no token and no secret.

use std::io;
use std::sync::{Arc, Mutex};

use passavant_resource::{AnswerForm, Mode, Reason};
use serde_json::json;
use tracing_subscriber::filter::LevelFilter;

use crate::introspection::active;
use crate::support::{
    AUDIENCE, ISSUER, NOW, World, check, claims, json_answer, refused, see_every_line, sign, status,
};

/// A log in memory.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("lines").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the guard knows of a refused token: the claim, what it says, what was expected.
#[tokio::test]
async fn what_differs_is_known_to_the_api() {
    let world = World::new();
    let guard = world.introspecting().mode(Mode::Auto).build().expect("a guard");
    let differs = async |token: &str| {
        let denied = check(&guard, token).await.expect_err("refused");
        let difference = denied.difference().unwrap_or_else(|| panic!("{denied:?}")).clone();
        (difference.what, difference.sent, difference.expected)
    };
    let told = |what: &str, sent: &str, expected: &str| (what.into(), sent.into(), expected.into());
    let audience = differs(&world.jwt(json!({"aud": ["https://x.example", "y"]}))).await;
    assert_eq!(audience, told("aud", "https://x.example y", AUDIENCE));
    world.server.set("/introspect", json_answer(&active(json!({"aud": "https://x.example"}))));
    assert_eq!(differs("opaque").await, told("aud", "https://x.example", AUDIENCE));
    let typ: (Box<str>, Box<str>, Box<str>) =
        differs(&sign(&world.key, Some("JWT"), Some(world.key.kid()), &claims(json!({})))).await;
    assert_eq!((typ.0, typ.1), ("typ".into(), "JWT".into()));
    let expired = differs(&world.jwt(json!({"exp": NOW - 100}))).await;
    assert_eq!(expired, told("exp", &format!("{} (100 s ago)", NOW - 100), &format!("after {}", NOW - 30)));
    let jwts = world.guard();
    let denied = check(&jwts, &world.jwt(json!({"iss": format!("{ISSUER}/")}))).await.expect_err("refused");
    let issuer = denied.difference().expect("known");
    assert_eq!((&*issuer.what, &*issuer.sent), ("iss", "https://id.example/"));
    let lacking = check(&guard, &world.jwt(json!({"scope": "notes.read"}))).await.expect("accepted");
    let lacking = lacking.require("notes.write").expect_err("refused");
    let lacking = lacking.difference().expect("known").clone();
    assert_eq!((lacking.what, lacking.sent, lacking.expected), told("scope", "notes.read", "notes.write"));
}

#[tokio::test]
async fn the_log_holds_the_reason_and_never_the_token() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    see_every_line();
    let listening = tracing::subscriber::set_default(subscriber);

    let world = World::new();
    let guard = world.introspecting().mode(Mode::Auto).build().expect("a guard");
    let good = world.jwt(json!({}));
    let tampered = format!("{}AAAA", &good[..good.len() - 4]);
    world.server.set("/introspect", json_answer(&active(json!({"exp": "soon"}))));
    let mut reasons = vec![refused(&guard, "opaque-secret-one").await, refused(&guard, &tampered).await];
    world.server.set("/introspect", status(403));
    reasons.push(refused(&guard, "opaque-secret-two").await);
    let strict = world.introspecting().response(AnswerForm::Jwt).build().expect("a guard");
    world.server.set("/introspect", json_answer(&active(json!({}))));
    reasons.push(refused(&strict, "opaque-secret-three").await);
    reasons.push(check(&guard, &world.jwt(json!({"scope": ""}))).await.map_or_else(
        |denied| denied.reason(),
        |token| token.require("admin").expect_err("refused").reason(),
    ));
    drop(listening);

    let log = String::from_utf8(lines.0.lock().expect("lines").clone()).expect("text");
    let expected = [
        Reason::ClaimMalformed,
        Reason::SignatureWrong,
        Reason::IntrospectionRefused,
        Reason::AnswerMalformed,
        Reason::ScopeInsufficient,
    ];
    assert_eq!(reasons, expected);
    for reason in reasons {
        assert!(log.contains(&format!("reason=\"{}\"", reason.slug())), "{reason:?} in {log}");
    }
    for secret in
        ["opaque-secret", "a-secret-of-22-characters", "bm90ZXMtcnM6", &good[..20], &tampered[60..90]]
    {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}
