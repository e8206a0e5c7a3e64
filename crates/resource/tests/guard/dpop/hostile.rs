//! Every class of invalid proof, with its reason and response (RFC 9449 §4.3, §7.1).

use http::HeaderValue;
use http::request::Parts;
use http_body_util::BodyExt as _;
use jose::{SignatureAlgorithm, SigningKey, base64url};
use passavant_resource::Denied;
use passavant_resource::Reason::{
    self, ProofAlgorithmNotAllowed, ProofClaimMalformed, ProofClaimMissing, ProofClockSkewed, ProofExpired,
    ProofKeyInvalid, ProofKeyWrong, ProofMalformed, ProofMethodWrong, ProofMissing, ProofRepeated,
    ProofSignatureWrong, ProofTargetWrong, ProofTokenWrong, ProofTypeWrong,
};
use serde_json::{Value, json};

use super::{ALGS, Sender, accepting, challenge, proof_claims};
use crate::support::{NOW, World, key};

/// A proof that the library would never make, with a valid signature.
fn forged(header: &Value, payload: &str, key: &SigningKey) -> String {
    let input = format!(
        "{}.{}",
        base64url::encode(header.to_string().as_bytes()),
        base64url::encode(payload.as_bytes())
    );
    let signature = key.sign(input.as_bytes()).expect("signs");
    format!("{input}.{}", base64url::encode(&signature))
}

struct Forge<'a> {
    sender: &'a Sender,
    token: &'a str,
    rows: Vec<(String, Parts, Reason)>,
}

impl Forge<'_> {
    fn jwk(&self) -> Value {
        let mut jwk = self.sender.key.public_jwk().expect("public").to_value();
        let members = jwk.as_object_mut().expect("an object");
        members.retain(|name, _| ["kty", "crv", "x", "y"].contains(&name.as_str()));
        jwk
    }

    fn header(&self) -> Value {
        json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk()})
    }

    /// A proof as it is.
    fn row(&mut self, name: &str, proof: &str, reason: Reason) {
        self.rows.push((name.to_owned(), self.sender.request(self.token, proof), reason));
    }

    /// A good proof with other claims.
    fn claim(&mut self, name: &str, changes: Value, reason: Reason) {
        let proof = self.sender.proof(self.token, changes);
        self.row(name, &proof, reason);
    }

    /// A good payload under another header.
    fn under(&mut self, name: &str, header: &Value, key: &SigningKey, reason: Reason) {
        let payload = proof_claims(self.token, json!({})).to_string();
        self.row(name, &forged(header, &payload, key), reason);
    }

    /// A good proof, one claim written as JSON text.
    fn raw(&mut self, name: &str, member: &str, text: &str, reason: Reason) {
        let mut claims = proof_claims(self.token, json!({}));
        claims[member] = json!("PLACE");
        let payload = claims.to_string().replace("\"PLACE\"", text);
        let proof = forged(&self.header(), &payload, &self.sender.key);
        self.row(name, &proof, reason);
    }
}

fn headers(forge: &mut Forge<'_>) {
    let good = forge.sender.proof(forge.token, json!({}));
    let mut none = forge.sender.request(forge.token, &good);
    none.headers.remove("dpop");
    forge.rows.push(("no DPoP header".to_owned(), none, ProofMissing));
    for (name, second) in [("two headers, the same", &*good), ("two headers, one empty", "")] {
        let mut twice = forge.sender.request(forge.token, &good);
        twice.headers.append("dpop", second.parse().expect("a value"));
        forge.rows.push((name.to_owned(), twice, ProofRepeated));
    }
    let mut binary = forge.sender.request(forge.token, &good);
    binary.headers.insert("dpop", HeaderValue::from_bytes(b"\xff.\xff.\xff").expect("a value"));
    forge.rows.push(("not text".to_owned(), binary, ProofMalformed));
    let parts: Vec<&str> = good.split('.').collect();
    for (name, text) in [
        ("empty", String::new()),
        ("no JWT", "proof".to_owned()),
        ("two in one header", format!("{good}, {good}")),
        ("two parts", format!("{}.{}", parts[0], parts[1])),
        ("four parts", format!("{good}.x")),
        ("with padding", format!("{good}=")),
        ("a space inside", good.replacen('.', ". ", 1)),
        ("the token itself", forge.token.to_owned()),
        ("too long", format!("{good}{}", "A".repeat(8 * 1024))),
    ] {
        let reason = if name == "the token itself" { ProofKeyInvalid } else { ProofMalformed };
        forge.row(name, &text, reason);
    }
}

fn algorithms(forge: &mut Forge<'_>) {
    let holder = forge.sender.key.clone();
    let mac = SigningKey::hmac(SignatureAlgorithm::Hs256, &[7; 32]).expect("a key");
    let shared = json!({"kty": "oct", "k": base64url::encode(&[7; 32])});
    for (name, alg, signer) in [
        ("alg none", "none", &holder),
        ("alg None", "None", &holder),
        ("alg unknown", "ES256K", &holder),
        ("alg in small letters", "es256", &holder),
        ("alg HMAC", "HS256", &mac),
        ("alg not on the list", "ES384", &holder),
    ] {
        let mut header = forge.header();
        header["alg"] = alg.into();
        forge.under(name, &header, signer, ProofAlgorithmNotAllowed);
    }
    let unsigned = format!(
        "{}.{}.",
        base64url::encode(
            json!({"typ": "dpop+jwt", "alg": "none", "jwk": forge.jwk()}).to_string().as_bytes()
        ),
        base64url::encode(proof_claims(forge.token, json!({})).to_string().as_bytes())
    );
    forge.row("alg none, no signature", &unsigned, ProofAlgorithmNotAllowed);
    let mut header = forge.header();
    header["alg"] = "HS256".into();
    header["jwk"] = shared;
    forge.under("a shared secret", &header, &mac, ProofKeyInvalid);
    header = forge.header();
    header["alg"] = "EdDSA".into();
    forge.under("alg of another curve", &header, &holder, ProofKeyInvalid);
    header = forge.header();
    header["alg"] = Value::Null;
    forge.under("alg null", &header, &holder, ProofMalformed);
}

fn keys(forge: &mut Forge<'_>) {
    let holder = forge.sender.key.clone();
    let stranger = key(SignatureAlgorithm::Es256);
    let private: Value = serde_json::from_str(&holder.to_private_jwk().expect("a JWK")).expect("JSON");
    for (name, jwk) in [
        ("jwk null", Value::Null),
        ("jwk a text", json!("x")),
        ("jwk a list", json!([forge.jwk()])),
        ("jwk empty", json!({})),
        ("jwk private", private),
        (
            "jwk off its curve",
            json!({"kty": "EC", "crv": "P-256", "x": base64url::encode(&[1; 32]), "y": base64url::encode(&[1; 32])}),
        ),
        ("jwk of an unknown curve", json!({"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"})),
    ] {
        let mut header = forge.header();
        header["jwk"] = jwk;
        forge.under(name, &header, &holder, ProofKeyInvalid);
    }
    let mut header = forge.header();
    header.as_object_mut().expect("an object").remove("jwk");
    header["kid"] = forge.sender.thumbprint().into();
    forge.under("no jwk, but a kid", &header, &holder, ProofKeyInvalid);
    for member in ["jku", "x5u", "x5c", "crit", "b64", "zip"] {
        let mut header = forge.header();
        header[member] = json!(["https://evil.example/keys"]);
        forge.under(member, &header, &holder, ProofMalformed);
    }
    for (name, typ) in
        [("typ JWT", json!("JWT")), ("typ of a token", json!("at+jwt")), ("typ empty", json!(""))]
    {
        let mut header = forge.header();
        header["typ"] = typ;
        forge.under(name, &header, &holder, ProofTypeWrong);
    }
    let mut header = forge.header();
    header.as_object_mut().expect("an object").remove("typ");
    forge.under("no typ", &header, &holder, ProofTypeWrong);
    let header = forge.header();
    forge.under("signed by another key", &header, &stranger, ProofSignatureWrong);
    let good = forge.sender.proof(forge.token, json!({}));
    let other = forge.sender.proof(forge.token, json!({}));
    let (signed, _) = good.rsplit_once('.').expect("three parts");
    let (_, signature) = other.rsplit_once('.').expect("three parts");
    forge.row("the signature of another proof", &format!("{signed}.{signature}"), ProofSignatureWrong);
    forge.row("no signature", &format!("{signed}."), ProofSignatureWrong);
    let thief = Sender { key: stranger };
    let proof = thief.proof(forge.token, json!({}));
    forge.row("a good proof of another key", &proof, ProofKeyWrong);
}

fn claims(forge: &mut Forge<'_>) {
    for name in ["jti", "htm", "htu", "iat", "ath"] {
        let mut without = json!({});
        without[name] = Value::Null;
        forge.claim(&format!("no {name}"), without, ProofClaimMissing);
        for text in ["null", "[\"x\"]", "{}", "true"] {
            forge.raw(&format!("{name} {text}"), name, text, ProofClaimMalformed);
        }
    }
    forge.raw("iat a text", "iat", &format!("\"{NOW}\""), ProofClaimMalformed);
    forge.raw("iat beyond all numbers", "iat", "1e300", ProofClaimMalformed);
    forge.claim("jti empty", json!({"jti": ""}), ProofClaimMalformed);
    forge.claim("jti too long", json!({"jti": "x".repeat(257)}), ProofClaimMalformed);
    let twice = proof_claims(forge.token, json!({})).to_string().replacen('{', "{\"htm\":\"POST\",", 1);
    let proof = forged(&forge.header(), &twice, &forge.sender.key);
    forge.row("a claim twice", &proof, ProofMalformed);
    for payload in ["", "[]", "\"x\"", "{"] {
        let proof = forged(&forge.header(), payload, &forge.sender.key);
        forge.row("no claims", &proof, ProofMalformed);
    }
    for htm in ["POST", "get", "GET ", "", "*"] {
        forge.claim("another method", json!({"htm": htm}), ProofMethodWrong);
    }
    for htu in [
        "",
        "/notes",
        "https://notes.example",
        "https://notes.example/",
        "https://notes.example/notes/",
        "https://notes.example/Notes",
        "https://notes.example/notes/1",
        "https://notes.example/notes%2F",
        "https://notes.example:8443/notes",
        "http://notes.example/notes",
        "https://notes.example.evil.example/notes",
        "https://evil.example/notes",
        "https://u@notes.example/notes",
        "https://evil.example#@notes.example/notes",
    ] {
        forge.claim(&format!("htu {htu}"), json!({"htu": htu}), ProofTargetWrong);
    }
    for (iat, reason) in [
        (NOW - 60, ProofExpired),
        (0, ProofExpired),
        (-1, ProofExpired),
        (NOW + 61, ProofClockSkewed),
        (NOW + 86_400, ProofClockSkewed),
    ] {
        forge.claim(&format!("iat {iat}"), json!({"iat": iat}), reason);
    }
    forge.claim("exp past", json!({"exp": NOW - 30}), ProofExpired);
    forge.claim("nbf ahead", json!({"nbf": NOW + 31}), ProofClockSkewed);
    forge.claim("exp a text", json!({"exp": "soon"}), ProofClaimMalformed);
    let good = proof_claims(forge.token, json!({}))["ath"].as_str().expect("a text").to_owned();
    for ath in
        [String::new(), good[1..].to_owned(), format!("{good}="), good.to_uppercase(), forge.token.to_owned()]
    {
        forge.claim("ath of nothing", json!({"ath": ath}), ProofTokenWrong);
    }
    let other = proof_claims("another-token", json!({}))["ath"].clone();
    forge.claim("ath of another token", json!({"ath": other}), ProofTokenWrong);
}

#[tokio::test]
async fn every_class_of_bad_proof_is_refused_with_its_reason_and_its_answer() {
    let world = World::new();
    let (guard, sender) = (accepting(&world), Sender::new());
    let token = sender.token(&world);
    let mut forge = Forge { sender: &sender, token: &token, rows: Vec::new() };
    let proof = forged(&forge.header(), &proof_claims(&token, json!({})).to_string(), &sender.key);
    guard.check(&sender.request(&token, &proof)).await.expect("what the others differ from is good");
    headers(&mut forge);
    algorithms(&mut forge);
    keys(&mut forge);
    claims(&mut forge);
    assert!(forge.rows.len() >= 100, "rows were lost: {}", forge.rows.len());
    let mut wrong = Vec::new();
    for (name, head, expected) in forge.rows {
        match guard.check(&head).await {
            Ok(_) => wrong.push(format!("{name}: accepted")),
            Err(denied) if denied.reason() != expected => wrong.push(format!("{name}: {denied:?}")),
            Err(denied) => told_as(&name, &denied, expected).await,
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The response: status, challenge and body, without a nonce, since none is required.
async fn told_as(name: &str, denied: &Denied, reason: Reason) {
    let code = if reason == ProofKeyWrong { "invalid_token" } else { "invalid_dpop_proof" };
    let description = reason.description();
    let told = format!("Bearer, {ALGS}, error=\"{code}\", error_description=\"{description}\"");
    assert_eq!(challenge(denied), told, "{name}");
    let answer = denied.response();
    assert_eq!(answer.status(), 401, "{name}");
    assert!(!answer.headers().contains_key("dpop-nonce"), "{name}");
    let body = answer.into_body().collect().await.expect("a body").to_bytes();
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(body, json!({"error": code, "error_description": description}), "{name}");
}

#[tokio::test]
async fn the_edges_of_a_good_proof_are_accepted() {
    let world = World::new();
    let (guard, sender) = (accepting(&world), Sender::new());
    let token = sender.token(&world);
    for changes in [
        json!({"iat": NOW - 59}),
        json!({"iat": NOW + 60}),
        json!({"jti": "x".repeat(256)}),
        json!({"htu": "https://NOTES.example:443/notes?page=1#top"}),
        json!({"exp": NOW + 1, "nbf": NOW, "more": {"a": [1]}}),
        json!({"nonce": "of nobody"}),
    ] {
        let judged = guard.check(&sender.fresh(&token, changes.clone())).await;
        assert!(judged.is_ok(), "{changes}: {judged:?}");
    }
}
