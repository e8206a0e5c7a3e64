//! Any answer of an authorization server, over real sockets, leads to 200, 401, 403 or 503: never to 500, never to a
//! wrongly accepted token, and within limits of time and memory.

mod json_rows;
mod lines;
mod signed_rows;
mod transport_rows;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jose::{DecryptionKey, KeyManagement, SignatureAlgorithm, SigningKey};
use passavant_resource::{AnswerForm, Guard, Mode, Reason, ReqwestFetch};
use serde_json::json;
use tokio::time::Instant;

use crate::stub::{Play, Stub};
use crate::support::{AUDIENCE, World, check, key, refused};

/// Deadline of one request to the server in these tests.
const DEADLINE: Duration = Duration::from_millis(400);
/// Longest time for one check, even on a busy machine.
const BOUND: Duration = Duration::from_secs(20);
/// Bytes of an unread answer that the sockets of both sides may buffer.
const SOCKET_BYTES: u64 = 48 * 1024 * 1024;

/// One answer and the expected outcome.
pub(crate) struct Row {
    name: &'static str,
    /// The entries of `lines` that this row covers.
    lines: &'static [&'static str],
    play: Play,
    reader: Reader,
    expected: Result<(), Reason>,
}

/// The guard that gets the answer.
#[derive(Clone, Copy)]
pub(crate) enum Reader {
    /// The usual configuration.
    Auto,
    /// Only signed answers.
    Signed,
    /// Only signed answers that are encrypted to the guard.
    Nested,
}

/// The keys that answers are made with.
pub(crate) struct Makers {
    issuer: String,
    signer: SigningKey,
    rsa: SigningKey,
    own: DecryptionKey,
}

pub(crate) fn accepted(name: &'static str, lines: &'static [&'static str], play: Play) -> Row {
    Row { name, lines, play, reader: Reader::Auto, expected: Ok(()) }
}

pub(crate) fn refusal(name: &'static str, lines: &'static [&'static str], play: Play, reason: Reason) -> Row {
    Row { name, lines, play, reader: Reader::Auto, expected: Err(reason) }
}

impl Row {
    pub(crate) fn read_by(self, reader: Reader) -> Self {
        Self { reader, ..self }
    }
}

/// A server and its guards.
struct Scene {
    stub: Stub,
    makers: Makers,
    fetch: Arc<ReqwestFetch>,
    clock: Arc<crate::support::TestClock>,
}

impl Scene {
    async fn new() -> Self {
        let world = World::new();
        let (signer, rsa) = (key(SignatureAlgorithm::Es256), key(SignatureAlgorithm::Rs256));
        let own = DecryptionKey::symmetric(KeyManagement::Dir, &[7; 32]).expect("a key");
        let public = [&signer, &rsa].map(|key| key.public_jwk().expect("public").to_value());
        let stub = Stub::start(json!({ "keys": public })).await;
        let makers = Makers { issuer: stub.issuer().to_owned(), signer, rsa, own };
        let fetch = Arc::new(ReqwestFetch::new().expect("a client"));
        Self { stub, makers, fetch, clock: world.clock }
    }

    fn guard(&self, reader: Reader) -> Guard {
        let builder = Guard::builder(self.stub.issuer(), AUDIENCE)
            .introspect("notes-rs", "a-secret-of-22-characters")
            .mode(Mode::Introspection)
            .required_scopes("read")
            .deadline(DEADLINE)
            .fetch(self.fetch.clone())
            .clock(self.clock.clone());
        let builder = match reader {
            Reader::Auto => builder,
            Reader::Signed => builder.response(AnswerForm::Jwt),
            Reader::Nested => builder.response(AnswerForm::Jwt).decryption_key(self.makers.own.clone()),
        };
        builder.build().expect("a guard")
    }

    async fn run(&self, rows: Vec<Row>) {
        for row in rows {
            self.stub.play(row.play);
            let guard = self.guard(row.reader);
            let began = Instant::now();
            let found = match row.expected {
                Ok(()) => check(&guard, "opaque").await.map(drop).map_err(|denied| denied.reason()),
                Err(_) => Err(refused(&guard, "opaque").await),
            };
            assert_eq!(found, row.expected, "{}", row.name);
            assert!(began.elapsed() < BOUND, "{}: {:?}", row.name, began.elapsed());
        }
    }
}

fn every_row(makers: &Makers) -> Vec<Row> {
    let mut rows = json_rows::rows(makers);
    rows.extend(signed_rows::rows(makers));
    rows.extend(transport_rows::rows(makers));
    rows
}

#[tokio::test]
async fn every_line_of_what_resource_servers_do_with_odd_answers_has_a_row() {
    let scene = Scene::new().await;
    let rows = every_row(&scene.makers);
    let held: BTreeSet<_> = rows.iter().flat_map(|row| row.lines.iter().copied()).collect();
    let known: BTreeSet<_> = lines::ALL.iter().copied().collect();
    assert_eq!(known.len(), lines::ALL.len(), "each line once");
    assert_eq!(held, known);
    let mut names = BTreeSet::new();
    for row in &rows {
        assert!(names.insert(row.name), "two rows are named {}", row.name);
    }
}

#[tokio::test]
async fn json_answers_hold() {
    let scene = Scene::new().await;
    scene.run(json_rows::rows(&scene.makers)).await;
}

#[tokio::test]
async fn signed_and_nested_answers_hold() {
    let scene = Scene::new().await;
    scene.run(signed_rows::rows(&scene.makers)).await;
}

#[tokio::test]
async fn broken_and_hostile_transports_hold() {
    let scene = Scene::new().await;
    scene.run(transport_rows::rows(&scene.makers)).await;
}

#[tokio::test]
async fn a_redirect_to_a_good_answer_is_not_followed() {
    let scene = Scene::new().await;
    scene.stub.play(transport_rows::redirect(&scene.makers, "302 Found"));
    assert_eq!(refused(&scene.guard(Reader::Auto), "opaque").await, Reason::IntrospectionFailed);
    assert_eq!(scene.stub.asked(), 1);
}

#[tokio::test]
async fn an_endless_answer_is_not_read_on() {
    let scene = Scene::new().await;
    for row in transport_rows::floods() {
        let (name, before) = (row.name, scene.stub.taken());
        scene.run(vec![row]).await;
        let taken = scene.stub.taken() - before;
        assert!(taken < SOCKET_BYTES, "{name}: {taken} bytes were taken");
    }
}

#[tokio::test]
async fn nobody_listens() {
    let scene = Scene::new().await;
    let guard = scene.guard(Reader::Auto);
    drop(scene.stub);
    let reason = refused(&guard, "opaque").await;
    assert!(matches!(reason, Reason::DiscoveryFailed | Reason::IntrospectionFailed), "{reason:?}");
}

#[tokio::test]
async fn tls_and_plain_do_not_meet() {
    let scene = Scene::new().await;
    let secure = scene.stub.issuer().replace("http:", "https:");
    let guard = Guard::builder(&secure, AUDIENCE)
        .introspect("notes-rs", "a-secret-of-22-characters")
        .deadline(DEADLINE)
        .fetch(scene.fetch.clone())
        .introspection_url(&format!("{secure}/introspect"))
        .build()
        .expect("a guard");
    assert_eq!(refused(&guard, "opaque").await, Reason::IntrospectionFailed);
    // A TLS alert where HTTP is expected.
    scene.stub.play(Play::Say(b"\x15\x03\x01\x00\x02\x02\x46".to_vec()));
    assert_eq!(refused(&scene.guard(Reader::Auto), "opaque").await, Reason::IntrospectionFailed);
}

#[tokio::test]
async fn a_connection_that_the_server_has_closed_meanwhile_costs_no_answer() {
    let scene = Scene::new().await;
    let good = json!({"active": true, "scope": "read"}).to_string();
    scene.stub.play(crate::stub::typed("application/json", good));
    let guard = scene.guard(Reader::Auto);
    for number in 0..5 {
        assert!(check(&guard, &format!("opaque{number}")).await.is_ok(), "{number}");
    }
    assert_eq!(scene.stub.asked(), 5);
}
