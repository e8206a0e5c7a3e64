//! What a proof at the token endpoint must be (RFC 9449 §4.3).

use jose::{SelfSigned, SignatureAlgorithm, SigningKey, base64url, jws};
use passavant_server::Reason;
use serde_json::{Value, json};
use testkit::server::Running;

use super::{key, start};

async fn refused(server: &Running, proof: &str, reason: Reason) {
    let reply = server.client_credentials("shop").header("dpop", proof).send_unwritten().await;
    reply.refused(reason);
    assert_eq!(reply.status(), 400, "{reason:?}");
}

/// RFC 9449 §4.3, points 3, 8, 9 and 11: a valid signature is not enough.
#[tokio::test]
async fn a_proof_is_for_this_endpoint_method_and_time() {
    let (server, key) = (start().await, key());
    // Each refusal takes a second.
    let now = server.now();
    for (name, value, reason) in [
        ("htm", json!("GET"), Reason::ProofMethodWrong),
        ("htm", Value::Null, Reason::ProofClaimMissing),
        ("htu", json!("https://as.example/par"), Reason::ProofTargetWrong),
        ("htu", json!("https://evil.example/token"), Reason::ProofTargetWrong),
        ("htu", json!(7), Reason::ProofClaimMalformed),
        ("iat", json!(now - 60), Reason::ProofExpired),
        ("iat", json!(now + 120), Reason::ProofClockSkewed),
        ("jti", json!(""), Reason::ProofClaimMalformed),
        ("jti", Value::Null, Reason::ProofClaimMissing),
    ] {
        let proof = server.proof(&key, "POST", "/token").claim(name, value).sign();
        refused(&server, &proof, reason).await;
    }
}

/// RFC 9449 §4.3, point 9: `htu` is compared with the issuer's URL of the endpoint, whatever `Host` says.
#[tokio::test]
async fn the_host_header_does_not_decide_what_a_proof_is_for() {
    let (server, key) = (start().await, key());
    let proof = |target: &str| server.proof(&key, "POST", "/token").claim("htu", target).sign();
    let ask = |proof: String| {
        let call = server.client_credentials("shop").header("host", "evil.example");
        call.header("dpop", &proof)
    };
    ask(proof("https://evil.example/token")).send().await.refused(Reason::ProofTargetWrong);
    ask(proof("HTTPS://AS.example:443/token?x#y")).send().await.ok();
}

/// RFC 9449 §4.3, points 1, 2, 4, 5, 6 and 7: one proof, of its type, signed by the public key in it.
#[tokio::test]
async fn a_proof_is_one_jwt_that_is_signed_by_its_own_key() {
    let (server, own, other) = (start().await, key(), key());
    let good = server.proof(&own, "POST", "/token").sign();
    let twice = server.client_credentials("shop").header("dpop", &good).header("dpop", &good);
    twice.send_unwritten().await.refused(Reason::ProofRepeated);
    for text in ["", "x", "a.b.c", "é"] {
        refused(&server, text, Reason::ProofMalformed).await;
    }
    let parts: Vec<&str> = good.split('.').collect();
    let foreign = server.proof(&other, "POST", "/token").sign();
    let signature = foreign.rsplit('.').next().expect("a signature");
    refused(&server, &format!("{}.{}.{signature}", parts[0], parts[1]), Reason::ProofSignatureWrong).await;
    let header: Value =
        serde_json::from_slice(&base64url::decode(parts[0]).expect("base64url")).expect("a header");
    let changed = |change: fn(&mut Value)| {
        let mut header = header.clone();
        change(&mut header);
        format!("{}.{}.{}", base64url::encode(header.to_string().as_bytes()), parts[1], parts[2])
    };
    for (proof, reason) in [
        (changed(|header| header["typ"] = "JWT".into()), Reason::ProofTypeWrong),
        (changed(|header| header["alg"] = "none".into()), Reason::ProofAlgorithmNotAllowed),
        (changed(|header| header["alg"] = "HS256".into()), Reason::ProofAlgorithmNotAllowed),
        (changed(|header| header["alg"] = "ES384".into()), Reason::ProofAlgorithmNotAllowed),
        (changed(|header| header["jwk"]["d"] = "AAAA".into()), Reason::ProofKeyInvalid),
        (changed(|header| header["jwk"] = json!({ "kty": "oct", "k": "AAAA" })), Reason::ProofKeyInvalid),
        (changed(|header| header["jwk"] = Value::Null), Reason::ProofKeyInvalid),
    ] {
        refused(&server, &proof, reason).await;
    }
    let assertion = jws::sign(&jws::Header::default(), b"{}", &own).expect("signs");
    refused(&server, &assertion, Reason::ProofKeyInvalid).await;
    server.client_credentials("shop").header("dpop", &good).send().await.ok();
}

/// RFC 9449 §11.1: a proof is accepted once, and another key's `jti` is another proof.
#[tokio::test]
async fn a_proof_is_accepted_once() {
    let (server, own, other) = (start().await, key(), key());
    let proof = |key: &SigningKey| server.proof(key, "POST", "/token").claim("jti", "same").sign();
    let ask = |proof: String| server.client_credentials("shop").header("dpop", &proof);
    ask(proof(&own)).send().await.ok();
    for _ in 0..2 {
        ask(proof(&own)).send().await.refused(Reason::ProofReplayed);
    }
    ask(proof(&other)).send().await.ok();
    server.clock.advance(59);
    let again = SelfSigned::sign(
        json!({ "jti": "same", "htm": "POST", "htu": "https://as.example/token", "iat": server.now() })
            .to_string()
            .as_bytes(),
        &own,
    );
    ask(again.expect("signs")).send().await.refused(Reason::ProofReplayed);
}

/// RFC 9449 §11.1: a refused request has used up its proof as well, and a code that it could not redeem is still good.
#[tokio::test]
async fn of_two_concurrent_uses_of_a_proof_one_is_refused() {
    let (server, own) = (start().await, key());
    let proof = server.proof(&own, "POST", "/token").sign();
    let ask = || server.client_credentials("shop").header("dpop", &proof).send();
    let (one, two) = tokio::join!(ask(), ask());
    let mut statuses = [one.status(), two.status()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
}

/// RFC 9449 §5: only algorithms that this server announces.
#[tokio::test]
async fn a_proof_by_a_key_of_another_algorithm_is_refused() {
    let server = start().await;
    let key = SigningKey::generate(SignatureAlgorithm::Es384).expect("fails without entropy only");
    let proof = server.proof(&key, "POST", "/token").sign();
    refused(&server, &proof, Reason::ProofAlgorithmNotAllowed).await;
}
