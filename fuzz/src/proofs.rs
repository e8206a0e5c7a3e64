//! DPoP proofs (RFC 9449 §4.3), through a complete guard.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, header, request::Parts};
use jose::{Claims, SelfSigned, SignatureAlgorithm, SigningKey, base64url, jws, primitives};
use resource::{Clock, Dpop, Fetch, FetchError, FetchLimits, Guard};
use serde_json::{Value, json};

const ISSUER: &str = "https://id.example";
const API: &str = "https://notes.example";
const NOW: i64 = 1_800_000_000;

struct World {
    guard: Guard,
    sender: SigningKey,
    token: String,
}

/// The first byte selects whether the rest is the whole header, or the claims of a proof that is signed with the
/// right key.
pub fn proofs(bytes: &[u8]) {
    static WORLD: OnceLock<World> = OnceLock::new();
    let world = WORLD.get_or_init(World::new);
    let Some((choice, rest)) = bytes.split_first() else { return };
    let proof = match choice {
        0 => Some(rest.to_vec()),
        _ => SelfSigned::sign(rest, &world.sender).ok().map(String::into_bytes),
    };
    let Some(head) = proof.and_then(|proof| world.request(&proof)) else { return };
    if crate::block_on(world.guard.check(&head)).is_ok() {
        assert_ne!(*choice, 0, "a proof that the sender did not sign");
        assert!(world.is_right(rest), "accepted: {}", String::from_utf8_lossy(rest));
    }
}

impl World {
    fn new() -> Self {
        let key = |algorithm| SigningKey::generate(algorithm).expect("a key");
        let (issuer, sender) = (key(SignatureAlgorithm::Es256), key(SignatureAlgorithm::EdDsa));
        let thumbprint = sender.public_jwk().expect("public").thumbprint().to_string();
        let claims = json!({
            "iss": ISSUER, "aud": API, "sub": "u-1", "client_id": "shop", "jti": "j-1", "iat": NOW, "exp": NOW + 600,
            "cnf": {"jkt": thumbprint}
        });
        let header = jws::Header {
            typ: Some("at+jwt".into()),
            kid: Some(issuer.kid().into()),
            ..jws::Header::default()
        };
        let token = jws::sign(&header, claims.to_string().as_bytes(), &issuer).expect("a token");
        let keys = json!({"keys": [issuer.public_jwk().expect("public").to_value()]});
        let guard = Guard::builder(ISSUER, API)
            .fetch(Arc::new(Documents(keys)))
            .clock(Arc::new(Still))
            .dpop(Dpop::Require)
            .build()
            .expect("a guard");
        Self { guard, sender, token }
    }

    fn request(&self, proof: &[u8]) -> Option<Parts> {
        let proof = http::HeaderValue::from_bytes(proof).ok()?;
        let request = Request::get("/notes")
            .header(header::AUTHORIZATION, format!("DPoP {}", self.token))
            .header("DPoP", proof);
        Some(request.body(()).ok()?.into_parts().0)
    }

    /// The rules of RFC 9449 §4.3 for the claims.
    fn is_right(&self, claims: &[u8]) -> bool {
        let Ok(claims) = Claims::parse(claims) else { return false };
        let text = |name: &str| claims.string(name).ok().flatten().unwrap_or_default().to_owned();
        let htu = text("htu").to_ascii_lowercase();
        let digest = base64url::encode(&primitives::sha256(self.token.as_bytes()));
        let is_fresh =
            claims.time("iat").ok().flatten().is_some_and(|at| (NOW - 600..=NOW + 60).contains(&at));
        text("htm") == "GET"
            && htu.starts_with("https://notes.example")
            && htu.contains("/notes")
            && text("ath") == digest
            && !text("jti").is_empty()
            && is_fresh
    }
}

struct Documents(Value);

#[async_trait]
impl Fetch for Documents {
    async fn fetch(&self, request: Request<Bytes>, _: FetchLimits) -> Result<Response<Bytes>, FetchError> {
        let body = match request.uri().path() {
            "/jwks" => self.0.clone(),
            _ => json!({"issuer": ISSUER, "jwks_uri": format!("{ISSUER}/jwks")}),
        };
        Ok(Response::builder()
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.to_string().into())
            .expect("an answer"))
    }
}

struct Still;

impl Clock for Still {
    fn millis(&self) -> i64 {
        NOW * 1000
    }
}
