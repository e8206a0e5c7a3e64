//! Tokens that are bound to a key (RFC 9449), at `/check` and in front of an upstream.

use jose::{SignatureAlgorithm, SigningKey, base64url, primitives};
use serde_json::{Value, json};

use super::{
    place::{Place, client, proof},
    upstream::Upstream,
};

/// The origin that clients of this API know, which is not where the guard listens.
const ORIGIN: &str = "https://api.example";

fn key() -> SigningKey {
    SigningKey::generate(SignatureAlgorithm::Es256).expect("fails without entropy only")
}

/// A request for a path with a token, and a proof of these claims.
async fn ask(place: &Place, path: &str, scheme: &str, token: &str, proof: &str) -> reqwest::Response {
    let request = client().get(place.url(path)).header("authorization", format!("{scheme} {token}"));
    request.header("dpop", proof).send().await.expect("an answer")
}

/// The claims of a valid proof for a GET of this path.
fn claims(path: &str, token: &str) -> Value {
    let ath = base64url::encode(&primitives::sha256(token.as_bytes()));
    json!({ "htm": "GET", "htu": format!("{ORIGIN}{path}"), "ath": ath })
}

fn with(mut claims: Value, name: &str, value: &str) -> Value {
    claims[name] = value.into();
    claims
}

/// RFC 9449 §7.1, §7.2: whoever has the token but not the key gets nowhere.
#[tokio::test]
async fn a_bound_token_is_let_through_only_with_the_proof_of_its_key() {
    let upstream = Upstream::start().await;
    let (own, other) = (key(), key());
    let flags = ["--dpop", "accept", "--origin", ORIGIN, "--cache-seconds", "0"];
    let places =
        [("/check/notes", Place::with(&flags)), ("/notes", Place::guarding(upstream.address, &flags))];
    for (path, place) in &places {
        let token = place.token_bound_to(&own).await;
        let good = || claims("/notes", &token);
        let sent = proof(&own, good());
        assert_eq!(ask(place, path, "DPoP", &token, &sent).await.status(), 200, "{path}");
        for (scheme, sent, code) in [
            ("DPoP", sent.clone(), "invalid_dpop_proof"),
            ("Bearer", proof(&own, good()), "invalid_token"),
            ("DPoP", proof(&other, good()), "invalid_token"),
            ("DPoP", proof(&own, with(good(), "htm", "POST")), "invalid_dpop_proof"),
            ("DPoP", proof(&own, with(good(), "htu", &place.url(path))), "invalid_dpop_proof"),
            ("DPoP", proof(&own, with(good(), "ath", "x")), "invalid_dpop_proof"),
        ] {
            let answer = ask(place, path, scheme, &token, &sent).await;
            assert_eq!(answer.status(), 401, "{path} {scheme} {code}");
            let challenges: Vec<_> = answer.headers().get_all("www-authenticate").iter().collect();
            let text = format!("{challenges:?}");
            assert!(text.contains(code) && text.contains("algs="), "{path}: {text}");
        }
    }
    assert_eq!(upstream.asked(), 1);
}

/// RFC 9449 §9: the guard asks for its nonce in both forms, and guards that share the secret accept each other's.
#[tokio::test]
async fn a_proof_without_the_nonce_of_the_guard_is_answered_with_one() {
    let upstream = Upstream::start().await;
    let own = key();
    let secret = [("PASSAVANT_DPOP_NONCE_SECRET", "a-secret-of-at-least-32-characters")];
    let flags = ["--dpop", "require", "--origin", ORIGIN];
    let upstream = format!("http://{}", upstream.address);
    let in_front = [&flags[..], &["--upstream", &upstream]].concat();
    let places =
        [("/check/notes", Place::within(&secret, &flags)), ("/notes", Place::within(&secret, &in_front))];
    for (path, place) in &places {
        let token = place.token_bound_to(&own).await;
        let refused = ask(place, path, "DPoP", &token, &proof(&own, claims("/notes", &token))).await;
        assert_eq!(refused.status(), 401, "{path}");
        let challenge = refused.headers()["www-authenticate"].to_str().expect("text").to_owned();
        assert!(challenge.contains("use_dpop_nonce"), "{challenge}");
        let nonce = refused.headers()["dpop-nonce"].to_str().expect("text").to_owned();
        let sent = proof(&own, with(claims("/notes", &token), "nonce", &nonce));
        assert_eq!(ask(place, path, "DPoP", &token, &sent).await.status(), 200, "{path}");
    }
}
