//! The log has the reason, and contains no token and no secret.

use std::io;
use std::sync::{Arc, Mutex};

use passavant_resource::{AnswerForm, Mode, Reason};
use serde_json::json;
use tracing_subscriber::filter::LevelFilter;

use crate::introspection::active;
use crate::support::{World, check, json_answer, refused, status};

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

#[tokio::test]
async fn the_log_holds_the_reason_and_never_the_token() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
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
