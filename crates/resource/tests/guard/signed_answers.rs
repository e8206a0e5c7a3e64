//! Signed and nested introspection answers (RFC 9701 §5).

use http::header::ACCEPT;
use jose::{ContentEncryption, DecryptionKey, KeyManagement, SignatureAlgorithm, SigningKey, jwe};
use passavant_resource::{AnswerForm, Guard, Mode, Reason};
use serde_json::{Value, json};

use crate::introspection::active;
use crate::support::{ISSUER, NOW, Script, World, check, json_answer, key, merge, refused, sign};

const TYPE: &str = "token-introspection+jwt";
const MEDIA_TYPE: &str = "application/token-introspection+jwt";

/// The claims of a good answer to `notes-rs`, some replaced or left out.
fn envelope(changes: Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "aud": "notes-rs", "iat": NOW, "token_introspection": active(json!({}))
    });
    merge(&mut claims, changes);
    claims
}

fn signed(world: &World, changes: Value) -> String {
    sign(&world.key, Some(TYPE), Some(world.key.kid()), &envelope(changes))
}

fn answer(body: String) -> Script {
    Script::Answer { status: 200, media_type: MEDIA_TYPE, body: body.into() }
}

fn encrypted(to: &DecryptionKey, encryption: ContentEncryption, content: &str) -> String {
    let header =
        jwe::Header { cty: Some("JWT".to_owned()), kid: Some(to.kid().to_owned()), ..jwe::Header::default() };
    let key = to.encryption_key().expect("a key");
    jwe::encrypt(&header, content.as_bytes(), &key, encryption).expect("a token")
}

fn own(algorithm: KeyManagement) -> DecryptionKey {
    DecryptionKey::generate(algorithm).expect("a key")
}

fn guard(world: &World) -> Guard {
    world.introspecting().response(AnswerForm::Jwt).build().expect("a guard")
}

fn decrypting(world: &World, key: &DecryptionKey, form: AnswerForm) -> Guard {
    world.introspecting().response(form).decryption_key(key.clone()).build().expect("a guard")
}

#[tokio::test]
async fn a_signed_answer_is_asked_for_and_accepted() {
    let world = World::new();
    let guard = guard(&world);
    world.server.set("/introspect", answer(signed(&world, json!({}))));
    assert_eq!(check(&guard, "opaque").await.expect("accepted").subject(), "1");
    let sent = world.server.last();
    assert_eq!(sent.uri().path(), "/jwks", "the same keys as for access tokens");
    for (number, changes) in
        [json!({"aud": ["x", "notes-rs"]}), json!({"iat": NOW - 300})].into_iter().enumerate()
    {
        world.server.set("/introspect", answer(signed(&world, changes)));
        assert!(check(&guard, &format!("opaque{number}")).await.is_ok());
        assert_eq!(world.server.last().headers()[ACCEPT], MEDIA_TYPE);
    }
    assert_eq!(world.server.calls("/jwks"), 1);
}

#[tokio::test]
async fn an_inactive_token_comes_in_the_same_envelope() {
    let world = World::new();
    let inner = json!({"token_introspection": {"active": false}});
    world.server.set("/introspect", answer(signed(&world, inner)));
    assert_eq!(refused(&guard(&world), "opaque").await, Reason::TokenInactive);
}

#[tokio::test]
async fn what_is_inside_is_judged_as_json_is() {
    for (inner, reason) in [
        (json!({"active": "true"}), Reason::ClaimMalformed),
        (json!({"active": true, "exp": "1800000600"}), Reason::ClaimMalformed),
        (json!({"active": true, "exp": NOW - 60}), Reason::TokenExpired),
        (json!({"active": true, "iat": NOW + 600}), Reason::ClockSkewed),
        (json!({"active": true, "iss": "https://evil.example"}), Reason::IssuerWrong),
        (json!({"active": true, "aud": "https://other.example"}), Reason::AudienceWrong),
        (json!({}), Reason::ClaimMissing),
    ] {
        let world = World::new();
        world.server.set("/introspect", answer(signed(&world, json!({"token_introspection": inner}))));
        assert_eq!(refused(&guard(&world), "opaque").await, reason, "{inner}");
    }
}

#[tokio::test]
async fn one_defect_in_a_signed_answer_makes_it_untrusted() {
    let world = World::new();
    let other = key(SignatureAlgorithm::Es256);
    let shared =
        SigningKey::hmac(SignatureAlgorithm::Hs256, b"a-secret-of-22-characters-or-so!").expect("a key");
    let kid = Some(world.key.kid());
    let good = envelope(json!({}));
    let rows = [
        ("of another issuer", signed(&world, json!({"iss": "https://evil.example"}))),
        ("without iss", signed(&world, json!({"iss": null}))),
        ("iss a list", signed(&world, json!({"iss": [ISSUER]}))),
        ("to another resource", signed(&world, json!({"aud": "other-rs"}))),
        ("to our audience, not to us", signed(&world, json!({"aud": "https://notes.example"}))),
        ("without aud", signed(&world, json!({"aud": null}))),
        ("without iat", signed(&world, json!({"iat": null}))),
        ("from the future", signed(&world, json!({"iat": NOW + 31}))),
        ("more than five minutes old", signed(&world, json!({"iat": NOW - 301}))),
        ("iat a string", signed(&world, json!({"iat": NOW.to_string()}))),
        ("nbf ahead", signed(&world, json!({"nbf": NOW + 600}))),
        ("exp past", signed(&world, json!({"exp": NOW - 31}))),
        ("without token_introspection", signed(&world, json!({"token_introspection": null, "active": true}))),
        ("token_introspection a string", signed(&world, json!({"token_introspection": "{\"active\":true}"}))),
        ("an access token", world.jwt(json!({"aud": "notes-rs", "token_introspection": {"active": true}}))),
        ("typ JWT", sign(&world.key, Some("JWT"), kid, &good)),
        ("without typ", sign(&world.key, None, kid, &good)),
        ("signed by another key", sign(&other, Some(TYPE), kid, &good)),
        ("by an unknown key", sign(&other, Some(TYPE), Some(other.kid()), &good)),
        ("signed with our own secret", sign(&shared, Some(TYPE), kid, &good)),
        ("garbage", "not.a.jwt".to_owned()),
        ("nothing", String::new()),
        ("JSON", active(json!({})).to_string()),
    ];
    for (name, body) in rows {
        world.server.set("/introspect", answer(body));
        assert_eq!(refused(&guard(&world), "opaque").await, Reason::AnswerUntrusted, "{name}");
    }
}

#[tokio::test]
async fn an_answer_by_an_algorithm_that_is_not_allowed_is_untrusted() {
    let world = World::new();
    world.server.set("/introspect", answer(signed(&world, json!({}))));
    let picky = world.introspecting().algorithms(&[SignatureAlgorithm::EdDsa]).build().expect("a guard");
    assert_eq!(refused(&picky, "opaque").await, Reason::AnswerUntrusted);
}

#[tokio::test]
async fn plain_json_is_not_taken_for_a_signed_answer() {
    let world = World::new();
    world.server.set("/introspect", json_answer(&active(json!({}))));
    assert_eq!(refused(&guard(&world), "opaque").await, Reason::AnswerMalformed);
    world.server.set("/introspect", answer(signed(&world, json!({}))));
    let plain = world.introspecting().response(AnswerForm::Json).build().expect("a guard");
    assert_eq!(refused(&plain, "opaque").await, Reason::AnswerMalformed);
}

#[tokio::test]
async fn auto_goes_by_the_type_that_the_answer_names() {
    let world = World::new();
    let auto = world.introspecting().build().expect("a guard");
    world.server.set("/introspect", json_answer(&active(json!({}))));
    assert!(check(&auto, "one").await.is_ok());
    let with_charset = "application/token-introspection+jwt; charset=utf-8";
    let body = signed(&world, json!({})).into();
    world.server.set("/introspect", Script::Answer { status: 200, media_type: with_charset, body });
    assert!(check(&auto, "two").await.is_ok());
}

#[tokio::test]
async fn a_guard_with_a_decryption_key_takes_no_plain_answer() {
    let (world, own) = (World::new(), own(KeyManagement::EcdhEs));
    for form in [AnswerForm::Auto, AnswerForm::Jwt] {
        world.server.set("/introspect", json_answer(&active(json!({}))));
        assert_eq!(refused(&decrypting(&world, &own, form), "opaque").await, Reason::AnswerMalformed);
        let asked = world.server.last();
        assert_eq!(asked.headers()["accept"], "application/token-introspection+jwt", "{form:?}");
    }
    assert!(check(&decrypting(&world, &own, AnswerForm::Json), "opaque").await.is_ok());
}

#[tokio::test]
async fn a_nested_answer_is_decrypted_and_then_verified() {
    for (management, encryption) in [
        (KeyManagement::RsaOaep, ContentEncryption::A256Gcm),
        (KeyManagement::RsaOaep256, ContentEncryption::A128CbcHs256),
        (KeyManagement::EcdhEs, ContentEncryption::A256Gcm),
        (KeyManagement::EcdhEsA256Kw, ContentEncryption::A256CbcHs512),
    ] {
        let (world, own) = (World::new(), own(management));
        let body = encrypted(&own, encryption, &signed(&world, json!({})));
        world.server.set("/introspect", answer(body));
        let guard = decrypting(&world, &own, AnswerForm::Jwt);
        assert!(check(&guard, "opaque").await.is_ok(), "{management} {encryption}");
    }
}

#[tokio::test]
async fn one_defect_in_a_nested_answer_makes_it_untrusted() {
    let (world, own, other) = (World::new(), own(KeyManagement::EcdhEs), own(KeyManagement::EcdhEs));
    let forger = key(SignatureAlgorithm::Es256);
    let forged = sign(&forger, Some(TYPE), Some(world.key.kid()), &envelope(json!({})));
    let gcm = ContentEncryption::A256Gcm;
    let good = encrypted(&own, gcm, &signed(&world, json!({})));
    let mut cut = good.clone();
    cut.truncate(good.len() - 4);
    let rows = [
        ("signed, not encrypted", signed(&world, json!({}))),
        ("encrypted, not signed", encrypted(&own, gcm, &envelope(json!({})).to_string())),
        ("encrypted claims about the token", encrypted(&own, gcm, &active(json!({})).to_string())),
        ("encrypted to somebody else", encrypted(&other, gcm, &signed(&world, json!({})))),
        ("signed by somebody else", encrypted(&own, gcm, &forged)),
        ("encrypted twice", encrypted(&own, gcm, &good)),
        ("an access token", encrypted(&own, gcm, &world.jwt(json!({"aud": "notes-rs"})))),
        ("cut off", cut),
    ];
    for form in [AnswerForm::Jwt, AnswerForm::Auto] {
        for (name, body) in &rows {
            world.server.set("/introspect", answer(body.clone()));
            let guard = decrypting(&world, &own, form);
            assert_eq!(refused(&guard, "opaque").await, Reason::AnswerUntrusted, "{name}");
        }
    }
}

#[tokio::test]
async fn an_encrypted_answer_without_a_key_is_untrusted() {
    let (world, own) = (World::new(), own(KeyManagement::EcdhEs));
    let body = encrypted(&own, ContentEncryption::A256Gcm, &signed(&world, json!({})));
    world.server.set("/introspect", answer(body));
    assert_eq!(refused(&guard(&world), "opaque").await, Reason::AnswerUntrusted);
}

#[tokio::test]
async fn the_key_is_chosen_by_kid_and_without_one_every_key_of_ours_is_tried() {
    let (world, old, new) = (World::new(), own(KeyManagement::EcdhEs), own(KeyManagement::EcdhEs));
    let builder = world.introspecting().response(AnswerForm::Jwt);
    let guard = builder.decryption_key(new.clone()).decryption_key(old.clone()).build().expect("a guard");
    let nameless = |to: &DecryptionKey| {
        let key = to.encryption_key().expect("a key");
        let header = jwe::Header { cty: Some("JWT".to_owned()), ..jwe::Header::default() };
        let content = signed(&world, json!({}));
        jwe::encrypt(&header, content.as_bytes(), &key, ContentEncryption::A256Gcm).expect("a token")
    };
    let named = |to| encrypted(to, ContentEncryption::A256Gcm, &signed(&world, json!({})));
    for (number, body) in [named(&old), named(&new), nameless(&old), nameless(&new)].into_iter().enumerate() {
        world.server.set("/introspect", answer(body));
        let found = check(&guard, &format!("opaque{number}")).await;
        assert!(found.is_ok(), "{number}: {found:?}");
    }
}

#[tokio::test]
async fn an_answer_that_speaks_of_another_token_is_untrusted() {
    let world = World::new();
    let always = world.introspecting().mode(Mode::Introspection).response(AnswerForm::Jwt);
    let guard = always.cache(std::time::Duration::ZERO).build().expect("a guard");
    let of = |jti: Value| signed(&world, json!({"token_introspection": active(json!({"jti": jti}))}));
    let token = world.jwt(json!({"jti": "j-1"}));
    for (jti, reason) in
        [(json!("j-1"), None), (json!(null), None), (json!("j-2"), Some(Reason::AnswerUntrusted))]
    {
        world.server.set("/introspect", answer(of(jti.clone())));
        let found = check(&guard, &token).await.err().map(|denied| denied.reason());
        assert_eq!(found, reason, "{jti}");
    }
}

#[tokio::test]
async fn an_answer_is_never_taken_for_an_access_token() {
    let world = World::new();
    let claims = json!({"aud": ["notes-rs", "https://notes.example"], "sub": "u-1", "exp": NOW + 600});
    let token = signed(&world, claims);
    assert_eq!(refused(&world.guard(), &token).await, Reason::TypeWrong);
    let strict = world.introspecting().mode(Mode::Jwt).build().expect("a guard");
    assert_eq!(refused(&strict, &token).await, Reason::TypeWrong);
}

#[tokio::test]
async fn keys_that_can_not_be_had_are_503_and_no_fault_of_the_token() {
    let world = World::new();
    world.server.set("/jwks", crate::support::status(500));
    world.server.set("/introspect", answer(signed(&world, json!({}))));
    assert_eq!(refused(&guard(&world), "opaque").await, Reason::KeysUnavailable);
}
