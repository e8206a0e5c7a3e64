//! Tokens that are bound to a key, each with its proof (RFC 9449 §4.3, §7, §9).

mod hostile;
mod nonces;
mod replays;

use http::Request;
use http::header::AUTHORIZATION;
use http::request::Parts;
use jose::{SelfSigned, SignatureAlgorithm, SigningKey, base64url, primitives};
use passavant_resource::{Denied, Dpop, Guard, GuardError, Reason};
use serde_json::{Value, json};

use crate::introspection::active;
use crate::support::{AUDIENCE, ISSUER, NOW, World, head, json_answer, key, merge};

const ALGS: &str = r#"DPoP algs="ES256 EdDSA PS256 RS256""#;

/// A client with a key, which sends `GET /notes`.
pub(crate) struct Sender {
    pub(crate) key: SigningKey,
}

impl Sender {
    pub(crate) fn new() -> Self {
        Self { key: key(SignatureAlgorithm::Es256) }
    }

    pub(crate) fn thumbprint(&self) -> String {
        self.key.public_jwk().expect("public").thumbprint().to_string()
    }

    /// A JWT bound to the key.
    pub(crate) fn token(&self, world: &World) -> String {
        world.jwt(json!({"cnf": {"jkt": self.thumbprint()}}))
    }

    /// A valid proof for this token, with some claims replaced, or removed if the value is null.
    pub(crate) fn proof(&self, token: &str, changes: Value) -> String {
        SelfSigned::sign(proof_claims(token, changes).to_string().as_bytes(), &self.key).expect("signs")
    }

    pub(crate) fn request(&self, token: &str, proof: &str) -> Parts {
        let request = Request::get("/notes?page=1").header(AUTHORIZATION, format!("DPoP {token}"));
        request.header("DPoP", proof).body(()).expect("a request").into_parts().0
    }

    /// A request with its own proof.
    pub(crate) fn fresh(&self, token: &str, changes: Value) -> Parts {
        self.request(token, &self.proof(token, changes))
    }
}

/// Each with a `jti` of its own.
pub(crate) fn proof_claims(token: &str, changes: Value) -> Value {
    let mut jti = [0; 12];
    primitives::random(&mut jti);
    let mut claims = json!({
        "jti": base64url::encode(&jti), "htm": "GET", "htu": format!("{AUDIENCE}/notes"), "iat": NOW,
        "ath": base64url::encode(&primitives::sha256(token.as_bytes()))
    });
    merge(&mut claims, changes);
    claims
}

fn accepting(world: &World) -> Guard {
    world.builder().dpop(Dpop::Accept).build().expect("a guard")
}

async fn reason(guard: &Guard, head: &Parts) -> Option<Reason> {
    guard.check(head).await.err().map(|denied| denied.reason())
}

fn challenge(denied: &Denied) -> &str {
    denied.challenge().and_then(|value| value.to_str().ok()).expect("a challenge")
}

#[tokio::test]
async fn a_bound_token_with_its_proof_is_accepted() {
    let world = World::new();
    let (guard, sender) = (accepting(&world), Sender::new());
    let token = sender.token(&world);
    for scheme in ["DPoP", "dpop", "DPOP"] {
        let mut head = sender.fresh(&token, json!({}));
        head.headers.insert(AUTHORIZATION, format!("{scheme} {token}").parse().expect("a value"));
        assert_eq!(guard.check(&head).await.expect("accepted").subject(), "u-1", "{scheme}");
    }
}

/// RFC 9449 §7.1, figures 12 and 13: the token is opaque, its key comes by introspection (§6.2).
#[tokio::test]
async fn the_example_of_rfc_9449_is_accepted_at_its_time() {
    const TOKEN: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
    const PROOF: &str = concat!(
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6Ik",
        "VDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCR",
        "nMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JE",
        "QSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIj",
        "oiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0Z",
        "WRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNF",
        "c05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71E",
        "OptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA"
    );
    let world = World::new();
    let cnf = json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"});
    let answer = active(json!({"cnf": cnf, "token_type": "DPoP", "exp": null, "iat": null}));
    world.server.set("/introspect", json_answer(&answer));
    let guard = Guard::builder(ISSUER, "https://resource.example.org")
        .introspect("notes-rs", "a-secret-of-22-characters");
    let guard = guard.fetch(world.server.clone()).clock(world.clock.clone()).dpop(Dpop::Require).build();
    let guard = guard.expect("a guard");
    let request = Request::get("/protectedresource").header(AUTHORIZATION, format!("DPoP {TOKEN}"));
    let head = request.header("DPoP", PROOF).body(()).expect("a request").into_parts().0;
    assert_eq!(reason(&guard, &head).await, Some(Reason::ProofExpired));
    world.clock.advance(1_562_262_618 - NOW);
    assert_eq!(reason(&guard, &head).await, None);
    assert_eq!(reason(&guard, &head).await, Some(Reason::ProofReplayed));
}

#[tokio::test]
async fn the_mode_decides_over_every_kind_of_token() {
    use Reason::{SchemeUnsupported, TokenBound, TokenUnbound};
    let world = World::new();
    let sender = Sender::new();
    let (unbound, bound) = (world.jwt(json!({})), sender.token(&world));
    for (mode, expected) in [
        (Dpop::Off, [None, Some(TokenBound), Some(SchemeUnsupported), Some(SchemeUnsupported)]),
        (Dpop::Accept, [None, Some(TokenBound), Some(TokenUnbound), None]),
        (Dpop::Require, [Some(SchemeUnsupported), Some(SchemeUnsupported), Some(TokenUnbound), None]),
    ] {
        let guard = world.builder().dpop(mode).build().expect("a guard");
        let mut found = Vec::new();
        for request in
            [head(&unbound), head(&bound), sender.fresh(&unbound, json!({})), sender.fresh(&bound, json!({}))]
        {
            found.push(reason(&guard, &request).await);
        }
        assert_eq!(found, expected, "{mode:?}");
    }
}

#[tokio::test]
async fn a_proof_does_not_make_a_bearer_of_a_bound_token() {
    let world = World::new();
    let (guard, sender) = (accepting(&world), Sender::new());
    let token = sender.token(&world);
    let mut head = sender.fresh(&token, json!({}));
    head.headers.insert(AUTHORIZATION, format!("Bearer {token}").parse().expect("a value"));
    let denied = guard.check(&head).await.expect_err("refused");
    assert_eq!(denied.reason(), Reason::TokenBound);
    let told = format!("error=\"invalid_token\", error_description=\"{}\"", Reason::TokenBound.description());
    assert_eq!(challenge(&denied), format!("Bearer {told}, {ALGS}"));
}

#[tokio::test]
async fn a_kept_introspection_answer_keeps_the_binding() {
    let world = World::new();
    let sender = Sender::new();
    let answer = active(json!({"cnf": {"jkt": sender.thumbprint()}, "token_type": "DPoP"}));
    world.server.set("/introspect", json_answer(&answer));
    let guard = world.introspecting().dpop(Dpop::Accept).build().expect("a guard");
    assert_eq!(reason(&guard, &sender.fresh("opaque", json!({}))).await, None);
    assert_eq!(reason(&guard, &head("opaque")).await, Some(Reason::TokenBound));
    assert_eq!(reason(&guard, &Sender::new().fresh("opaque", json!({}))).await, Some(Reason::ProofKeyWrong));
    assert_eq!(reason(&guard, &sender.fresh("opaque", json!({}))).await, None);
    assert_eq!(world.server.calls("/introspect"), 1);
}

#[tokio::test]
async fn only_the_schemes_that_are_taken_are_challenged_for() {
    let world = World::new();
    let nobody = || Request::get("/notes").body(()).expect("a request").into_parts().0;
    for (mode, expected) in [
        (Dpop::Off, "Bearer".to_owned()),
        (Dpop::Accept, format!("Bearer, {ALGS}")),
        (Dpop::Require, ALGS.to_owned()),
    ] {
        let guard = world.builder().dpop(mode).build().expect("a guard");
        let denied = guard.check(&nobody()).await.expect_err("refused");
        assert_eq!((denied.status().as_u16(), challenge(&denied)), (401, &*expected), "{mode:?}");
    }
    let guard = world.builder().dpop(Dpop::Require).build().expect("a guard");
    let denied = guard.check(&head(&world.jwt(json!({})))).await.expect_err("refused");
    assert_eq!((denied.status().as_u16(), challenge(&denied)), (401, ALGS));
    assert_eq!(world.server.calls("/jwks"), 0, "nothing is fetched for a bearer token that is not taken");
}

#[tokio::test]
async fn too_little_scope_is_told_by_the_scheme_of_the_token() {
    let world = World::new();
    let (guard, sender) = (accepting(&world), Sender::new());
    let token = sender.token(&world);
    let token = guard.check(&sender.fresh(&token, json!({}))).await.expect("accepted");
    let denied = token.require("notes.write").expect_err("refused");
    let told = "error=\"insufficient_scope\", error_description=\"The token does not have the scope that is needed\"";
    assert_eq!(challenge(&denied), format!("Bearer, {ALGS}, {told}, scope=\"notes.write\""));
}

#[tokio::test]
async fn the_address_is_configured_and_never_taken_from_the_request() {
    let world = World::new();
    let sender = Sender::new();
    let token = sender.token(&world);
    let at = |htu: &str| {
        let mut head = sender.fresh(&token, json!({"htu": htu}));
        for (name, value) in [
            ("host", "evil.example"),
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-proto", "http"),
            ("x-forwarded-prefix", "/evil"),
            ("x-original-url", "/evil"),
            ("forwarded", "host=evil.example;proto=http"),
        ] {
            head.headers.insert(name, value.parse().expect("a value"));
        }
        head
    };
    for (origin, good) in [
        (None, "https://notes.example/notes"),
        (Some("https://api.example"), "https://api.example/notes"),
        (Some("https://API.example:443/"), "https://api.example/notes?page=2#x"),
        (Some("https://api.example/v1/"), "HTTPS://api.example:443/v1/x/../%6eotes"),
        (Some("http://127.0.0.1:8000"), "http://127.0.0.1:8000/notes"),
    ] {
        let mut builder = world.builder().dpop(Dpop::Require);
        if let Some(origin) = origin {
            builder = builder.origin(origin);
        }
        let guard = builder.build().expect("a guard");
        assert_eq!(reason(&guard, &at(good)).await, None, "{origin:?} {good}");
        for evil in ["https://evil.example/notes", "http://evil.example/notes", "https://notes.example/evil"]
        {
            assert_eq!(reason(&guard, &at(evil)).await, Some(Reason::ProofTargetWrong), "{origin:?} {evil}");
        }
    }
}

#[tokio::test]
async fn a_guard_that_can_not_check_proofs_is_not_built() {
    let world = World::new();
    let urn = || Guard::builder(ISSUER, "urn:notes").fetch(world.server.clone());
    assert!(urn().build().is_ok());
    assert!(matches!(urn().dpop(Dpop::Accept).build(), Err(GuardError::Origin)));
    assert!(urn().dpop(Dpop::Accept).origin("https://notes.example").build().is_ok());
    for origin in ["notes.example", "http://notes.example", "https://notes.example?x", ""] {
        let built = world.builder().dpop(Dpop::Accept).origin(origin).build();
        assert!(matches!(built, Err(GuardError::Origin)), "{origin}");
    }
    for algorithms in
        [&[][..], &[SignatureAlgorithm::Hs256], &[SignatureAlgorithm::Es256, SignatureAlgorithm::Hs512]]
    {
        let built = world.builder().dpop(Dpop::Accept).dpop_algorithms(algorithms).build();
        assert!(matches!(built, Err(GuardError::Algorithms)), "{algorithms:?}");
    }
    let short = world.builder().dpop(Dpop::Accept).dpop_nonces(&[7; 31]).build();
    assert!(matches!(short, Err(GuardError::NonceKey)));
}

#[tokio::test]
async fn the_algorithms_of_proofs_are_those_on_the_list() {
    let world = World::new();
    let listed = world.builder().dpop(Dpop::Accept).dpop_algorithms(&[SignatureAlgorithm::Es384]);
    let listed = listed.build().expect("a guard");
    for (algorithm, by_default) in [
        (SignatureAlgorithm::Es256, true),
        (SignatureAlgorithm::EdDsa, true),
        (SignatureAlgorithm::Ps256, true),
        (SignatureAlgorithm::Rs256, true),
        (SignatureAlgorithm::Es384, false),
    ] {
        let sender = Sender { key: key(algorithm) };
        let token = sender.token(&world);
        let refused = |taken: bool| (!taken).then_some(Reason::ProofAlgorithmNotAllowed);
        let head = || sender.fresh(&token, json!({}));
        assert_eq!(reason(&accepting(&world), &head()).await, refused(by_default), "{algorithm}");
        assert_eq!(reason(&listed, &head()).await, refused(!by_default), "{algorithm}");
    }
}

#[tokio::test]
async fn the_metadata_say_what_proofs_are_needed() {
    use http_body_util::BodyExt as _;
    use tower_service::Service as _;
    let world = World::new();
    for (mode, algorithms, required) in [
        (Dpop::Off, Value::Null, Value::Null),
        (Dpop::Accept, json!(["ES256", "EdDSA", "PS256", "RS256"]), Value::Null),
        (Dpop::Require, json!(["ES256", "EdDSA", "PS256", "RS256"]), json!(true)),
    ] {
        let guard = world.builder().dpop(mode).build().expect("a guard");
        let request = Request::get("/.well-known/oauth-protected-resource").body(()).expect("a request");
        let answer = guard.metadata_service().call(request).await.expect("infallible");
        let body = answer.into_body().collect().await.expect("a body").to_bytes();
        let document: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(document["dpop_signing_alg_values_supported"], algorithms, "{mode:?}");
        assert_eq!(document["dpop_bound_access_tokens_required"], required, "{mode:?}");
    }
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn a_router_inside_of_another_sees_the_whole_address() {
    use axum::body::Body;
    use axum::{Router, routing::get};
    use tower_service::Service as _;
    let world = World::new();
    let (guard, sender) = (accepting(&world), Sender::new());
    let token = sender.token(&world);
    let notes: Router = Router::new().route("/notes", get(async || "hello")).route_layer(guard.layer());
    let app: Router = Router::new().nest("/api/v1", notes);
    for (htu, expected) in [("https://notes.example/api/v1/notes", 200), ("https://notes.example/notes", 401)]
    {
        let request = Request::get("/api/v1/notes").header(AUTHORIZATION, format!("DPoP {token}"));
        let request = request.header("DPoP", sender.proof(&token, json!({"htu": htu})));
        let response =
            app.clone().call(request.body(Body::empty()).expect("a request")).await.expect("infallible");
        assert_eq!(response.status(), expected, "{htu}");
    }
}
