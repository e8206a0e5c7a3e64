//! The UserInfo client: every form of answer, and the error for every defect.

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION};
use jose::{
    ContentEncryption, DecryptionKey, KeyManagement, SignatureAlgorithm, SigningKey, base64url, jwe, jws,
};
use passavant_resource::userinfo::{
    UserInfo, UserInfoBuilder, UserInfoError, UserInfoForm, UserInfoSetupError,
};
use passavant_resource::{FetchError, Guard};
use serde_json::{Value, json};

use crate::support::{ISSUER, NOW, Script, World, json_answer, key, merge, status};

const PATH: &str = "/userinfo";

fn world() -> World {
    let world = World::new();
    let metadata = json!({
        "issuer": ISSUER, "jwks_uri": format!("{ISSUER}/jwks"), "userinfo_endpoint": format!("{ISSUER}{PATH}")
    });
    world.server.set("/.well-known/oauth-authorization-server", json_answer(&metadata));
    world
}

fn asking(world: &World) -> UserInfoBuilder {
    world.guard().userinfo("shop")
}

fn built(builder: UserInfoBuilder) -> UserInfo {
    builder.build().expect("what asks")
}

/// The claims of a valid signed answer, with some replaced, or removed if the value is null.
fn claims(changes: Value) -> Value {
    let mut claims = json!({"iss": ISSUER, "aud": "shop", "sub": "u-1", "name": "Alice"});
    merge(&mut claims, changes);
    claims
}

fn sign(key: &SigningKey, typ: Option<&str>, claims: &Value) -> String {
    let header = jws::Header { typ: typ.map(str::to_owned), kid: Some(key.kid().to_owned()), cty: None };
    jws::sign(&header, claims.to_string().as_bytes(), key).expect("a token")
}

fn encrypt(to: &DecryptionKey, cty: Option<&str>, kid: bool, plaintext: &str) -> String {
    let header =
        jwe::Header { typ: None, cty: cty.map(str::to_owned), kid: kid.then(|| to.kid().to_owned()) };
    let key = to.encryption_key().expect("a key");
    jwe::encrypt(&header, plaintext.as_bytes(), &key, ContentEncryption::A256Gcm).expect("a token")
}

fn jwt_answer(body: impl Into<Bytes>) -> Script {
    Script::Answer { status: 200, media_type: "application/jwt; charset=utf-8", body: body.into() }
}

async fn ask(world: &World, asking: &UserInfo, answer: Script) -> Result<String, UserInfoError> {
    world.server.set(PATH, answer);
    let claims = asking.ask("an-access-token", "u-1").await?;
    Ok(claims.string("name").expect("text").unwrap_or_default().to_owned())
}

fn decryption_key(algorithm: KeyManagement) -> DecryptionKey {
    DecryptionKey::generate(algorithm).expect("a key")
}

#[tokio::test]
async fn the_token_goes_in_the_header_to_the_discovered_endpoint() {
    let world = world();
    let found = ask(&world, &built(asking(&world)), json_answer(&claims(json!({})))).await;
    assert_eq!(found.as_deref(), Ok("Alice"));
    let request = world.server.last();
    assert_eq!((request.method().as_str(), request.uri().path()), ("GET", PATH));
    assert_eq!(request.headers()[AUTHORIZATION], "Bearer an-access-token");
    assert!(request.headers()[AUTHORIZATION].is_sensitive());
    assert_eq!(request.headers()[ACCEPT], "application/json, application/jwt");
}

#[tokio::test]
async fn every_form_is_read_by_its_content_type() {
    let world = world();
    let (first, second) = (decryption_key(KeyManagement::EcdhEs), decryption_key(KeyManagement::EcdhEs));
    let auto = built(asking(&world).decryption_key(first.clone()).decryption_key(second.clone()));
    let plain = claims(json!({"iss": null, "aud": null})).to_string();
    let signed = sign(&world.key, Some("JWT"), &claims(json!({})));
    for (name, answer) in [
        ("signed", signed.clone()),
        ("signed without typ", sign(&world.key, None, &claims(json!({"aud": ["x", "shop"]})))),
        ("encrypted", encrypt(&first, None, true, &plain)),
        ("encrypted to the second key", encrypt(&second, None, true, &plain)),
        ("encrypted without kid", encrypt(&second, None, false, &plain)),
        ("nested", encrypt(&first, Some("JWT"), true, &signed)),
        ("nested without cty", encrypt(&second, None, false, &signed)),
    ] {
        assert_eq!(ask(&world, &auto, jwt_answer(answer)).await.as_deref(), Ok("Alice"), "{name}");
    }
    assert_eq!(ask(&world, &auto, json_answer(&claims(json!({})))).await.as_deref(), Ok("Alice"));
}

#[tokio::test]
async fn a_form_that_was_asked_for_is_the_only_one_taken() {
    let world = world();
    let key = decryption_key(KeyManagement::EcdhEs);
    let signed = sign(&world.key, Some("JWT"), &claims(json!({})));
    let answers = [
        (UserInfoForm::Json, json_answer(&claims(json!({})))),
        (UserInfoForm::Signed, jwt_answer(signed.clone())),
        (UserInfoForm::Encrypted, jwt_answer(encrypt(&key, None, true, &claims(json!({})).to_string()))),
        (UserInfoForm::Nested, jwt_answer(encrypt(&key, Some("JWT"), true, &signed))),
    ];
    for (wanted, _) in &answers {
        let asking = built(asking(&world).form(*wanted).decryption_key(key.clone()));
        for (form, answer) in &answers {
            let found = ask(&world, &asking, answer.clone()).await;
            let expected = if form == wanted { Ok("Alice") } else { Err(UserInfoError::FormWrong) };
            assert_eq!(found.as_deref().map_err(|error| *error), expected, "{wanted:?} {form:?}");
        }
    }
}

#[tokio::test]
async fn an_answer_about_anybody_else_is_refused() {
    let world = world();
    let asking = built(asking(&world));
    for sub in [json!("u-2"), json!("U-1"), json!("u-1 "), json!(""), json!(null)] {
        let claims = claims(json!({ "sub": sub }));
        for answer in [json_answer(&claims), jwt_answer(sign(&world.key, None, &claims))] {
            assert_eq!(ask(&world, &asking, answer).await, Err(UserInfoError::SubjectWrong), "{claims}");
        }
    }
    let claims = claims(json!({"sub": 1}));
    assert_eq!(ask(&world, &asking, json_answer(&claims)).await, Err(UserInfoError::Malformed));
    let before = world.server.calls(PATH);
    let nobody = asking.ask("an-access-token", "").await.map(drop);
    assert_eq!((nobody, world.server.calls(PATH)), (Err(UserInfoError::SubjectWrong), before));
}

#[tokio::test]
async fn one_defect_in_a_signed_answer_refuses_it() {
    let world = world();
    let asking = built(asking(&world));
    for (changes, error) in [
        (json!({"iss": null}), UserInfoError::IssuerWrong),
        (json!({"iss": "https://id.example/"}), UserInfoError::IssuerWrong),
        (json!({"iss": ["https://id.example"]}), UserInfoError::Malformed),
        (json!({"aud": null}), UserInfoError::AudienceWrong),
        (json!({"aud": "other"}), UserInfoError::AudienceWrong),
        (json!({"aud": []}), UserInfoError::AudienceWrong),
        (json!({"aud": 7}), UserInfoError::Malformed),
        (json!({"exp": NOW - 31}), UserInfoError::TimesWrong),
        (json!({"nbf": NOW + 31}), UserInfoError::TimesWrong),
        (json!({"iat": NOW + 31}), UserInfoError::TimesWrong),
        (json!({"exp": "soon"}), UserInfoError::Malformed),
    ] {
        let answer = jwt_answer(sign(&world.key, Some("JWT"), &claims(changes.clone())));
        assert_eq!(ask(&world, &asking, answer).await, Err(error), "{changes}");
    }
    let timely = claims(json!({"exp": NOW + 5, "iat": NOW, "nbf": NOW}));
    assert!(ask(&world, &asking, jwt_answer(sign(&world.key, None, &timely))).await.is_ok());
}

#[tokio::test]
async fn a_signature_that_is_not_the_issuers_is_refused() {
    let world = world();
    let asking = built(asking(&world));
    let good = sign(&world.key, Some("JWT"), &claims(json!({})));
    let (head, signature) = good.rsplit_once('.').expect("compact");
    let altered = format!("{head}.{}", base64url::encode(&[7; 64]));
    let stranger = sign(&key(SignatureAlgorithm::Es256), None, &claims(json!({})));
    let unsigned =
        format!("{}.{}.", base64url::encode(br#"{"alg":"none"}"#), good.split('.').nth(1).expect("payload"));
    let public = world.key.public_jwk().expect("public").to_value().to_string();
    let shared = SigningKey::hmac(SignatureAlgorithm::Hs256, public.as_bytes()).expect("a key");
    for (answer, error) in [
        (altered, UserInfoError::SignatureWrong),
        (stranger, UserInfoError::KeyUnknown),
        (unsigned, UserInfoError::AlgorithmNotAllowed),
        (sign(&shared, None, &claims(json!({}))), UserInfoError::AlgorithmNotAllowed),
        (sign(&world.key, Some("at+jwt"), &claims(json!({}))), UserInfoError::TypeWrong),
        (sign(&world.key, Some("token-introspection+jwt"), &claims(json!({}))), UserInfoError::TypeWrong),
        (format!("{head}.{signature}.x"), UserInfoError::Malformed),
        (head.to_owned(), UserInfoError::Malformed),
        (String::new(), UserInfoError::Malformed),
    ] {
        assert_eq!(ask(&world, &asking, jwt_answer(answer.clone())).await, Err(error), "{answer}");
    }
}

#[tokio::test]
async fn an_algorithm_that_is_not_on_the_list_is_refused() {
    let world = world();
    let signed = || jwt_answer(sign(&world.key, None, &claims(json!({}))));
    let narrow = built(asking(&world).algorithms(&[SignatureAlgorithm::Rs256]));
    assert_eq!(ask(&world, &narrow, signed()).await, Err(UserInfoError::AlgorithmNotAllowed));
    let fitting = built(asking(&world).algorithms(&[SignatureAlgorithm::Es256]));
    assert!(ask(&world, &fitting, signed()).await.is_ok());
}

/// As a client registers with `userinfo_signed_response_alg` HS256.
#[tokio::test]
async fn an_answer_under_the_clients_secret_is_taken_only_where_that_was_registered() {
    const SECRET: &str = "a-secret-of-forty-eight-characters-or-a-few-more";
    let world = world();
    let opening = decryption_key(KeyManagement::EcdhEs);
    let by = |algorithm, secret: &str| SigningKey::hmac(algorithm, secret.as_bytes()).expect("a key");
    let signed = |key: &SigningKey| sign(key, None, &claims(json!({})));
    let ours = signed(&by(SignatureAlgorithm::Hs256, SECRET));
    let public = world.key.public_jwk().expect("public").to_value().to_string();
    let asking_by_secret = asking(&world).signed_with_secret(SignatureAlgorithm::Hs256, SECRET);
    let by_secret = built(asking_by_secret.decryption_key(opening.clone()));
    for (name, answer, expected) in [
        ("signed", ours.clone(), Ok("Alice")),
        ("nested", encrypt(&opening, Some("JWT"), true, &ours), Ok("Alice")),
        (
            "another secret",
            signed(&by(SignatureAlgorithm::Hs256, &SECRET.to_uppercase())),
            Err(UserInfoError::SignatureWrong),
        ),
        (
            "another algorithm",
            signed(&by(SignatureAlgorithm::Hs384, SECRET)),
            Err(UserInfoError::AlgorithmNotAllowed),
        ),
        (
            "the issuer's public key",
            signed(&by(SignatureAlgorithm::Hs256, &public)),
            Err(UserInfoError::SignatureWrong),
        ),
        ("the issuer's key", signed(&world.key), Err(UserInfoError::AlgorithmNotAllowed)),
    ] {
        let found = ask(&world, &by_secret, jwt_answer(answer)).await;
        assert_eq!(found.as_deref().map_err(|error| *error), expected, "{name}");
    }
    assert_eq!(world.server.calls("/jwks"), 0);
    let found = ask(&world, &built(asking(&world)), jwt_answer(ours)).await;
    assert_eq!(found, Err(UserInfoError::AlgorithmNotAllowed), "it was not registered");
    let setup = |algorithm, secret| asking(&world).signed_with_secret(algorithm, secret).build().err();
    assert_eq!(setup(SignatureAlgorithm::Hs512, SECRET), Some(UserInfoSetupError::SecretLength));
    assert_eq!(setup(SignatureAlgorithm::Es256, SECRET), Some(UserInfoSetupError::Algorithms));
}

#[tokio::test]
async fn what_is_encrypted_to_others_or_breaks_its_promise_is_refused() {
    let world = world();
    let (ours, theirs) = (decryption_key(KeyManagement::EcdhEs), decryption_key(KeyManagement::EcdhEs));
    let asking = built(asking(&world).decryption_key(ours.clone()));
    let plain = claims(json!({})).to_string();
    let stranger = sign(&key(SignatureAlgorithm::Es256), Some("JWT"), &claims(json!({})));
    let foreign = claims(json!({"iss": "https://evil.example"})).to_string();
    let misdirected = claims(json!({"aud": "other"})).to_string();
    let mut altered = encrypt(&ours, None, true, &plain);
    altered.replace_range(altered.len() - 4.., "AAAA");
    for (name, answer, error) in [
        ("another key", encrypt(&theirs, None, true, &plain), UserInfoError::NotDecrypted),
        ("another key without kid", encrypt(&theirs, None, false, &plain), UserInfoError::NotDecrypted),
        (
            "another algorithm",
            encrypt(&decryption_key(KeyManagement::EcdhEsA256Kw), None, false, &plain),
            UserInfoError::NotDecrypted,
        ),
        ("altered", altered, UserInfoError::NotDecrypted),
        ("a signature is promised", encrypt(&ours, Some("JWT"), true, &plain), UserInfoError::FormWrong),
        (
            "a stranger's signature inside",
            encrypt(&ours, Some("JWT"), true, &stranger),
            UserInfoError::KeyUnknown,
        ),
        ("another issuer", encrypt(&ours, None, true, &foreign), UserInfoError::IssuerWrong),
        ("another client", encrypt(&ours, None, true, &misdirected), UserInfoError::AudienceWrong),
        ("nothing inside", encrypt(&ours, None, true, ""), UserInfoError::Malformed),
    ] {
        assert_eq!(ask(&world, &asking, jwt_answer(answer)).await, Err(error), "{name}");
    }
}

#[tokio::test]
async fn what_is_no_answer_is_an_error_of_its_own() {
    let world = world();
    let asking = built(asking(&world));
    let typed =
        |media_type, body: &'static [u8]| Script::Answer { status: 200, media_type, body: body.into() };
    for (name, answer, error) in [
        ("401", status(401), UserInfoError::TokenRefused),
        ("403", status(403), UserInfoError::ScopeInsufficient),
        ("204", status(204), UserInfoError::Failed),
        ("302", status(302), UserInfoError::Failed),
        ("400", status(400), UserInfoError::Failed),
        ("500", status(500), UserInfoError::Failed),
        ("too large", Script::Fail(FetchError::TooLarge), UserInfoError::Failed),
        ("timeout", Script::Fail(FetchError::Timeout), UserInfoError::Failed),
        ("HTML", typed("text/html", b"<html>"), UserInfoError::FormWrong),
        ("claims without a type", typed("", b"{\"sub\":\"u-1\"}"), UserInfoError::FormWrong),
        ("no JSON", typed("application/json", b"sub=u-1"), UserInfoError::Malformed),
        ("an array", typed("application/json", b"[]"), UserInfoError::Malformed),
        (
            "a member twice",
            typed("application/json", b"{\"sub\":\"u-1\",\"sub\":\"u-1\"}"),
            UserInfoError::Malformed,
        ),
        ("JSON typed as JWT", typed("application/jwt", b"{\"sub\":\"u-1\"}"), UserInfoError::Malformed),
        ("no UTF-8", typed("application/jwt", b"\xff.\xff.\xff"), UserInfoError::Malformed),
    ] {
        assert_eq!(ask(&world, &asking, answer).await, Err(error), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_keeps_silent_is_given_up_at_the_deadline() {
    let world = world();
    assert_eq!(ask(&world, &built(asking(&world)), Script::Hang).await, Err(UserInfoError::Failed));
}

#[tokio::test]
async fn an_issuer_that_names_no_endpoint_or_no_keys_is_a_passing_trouble() {
    let silent = World::new();
    let asked = ask(&silent, &built(asking(&silent)), json_answer(&claims(json!({})))).await;
    assert_eq!(asked, Err(UserInfoError::EndpointUnknown));
    let world = world();
    world.server.set("/jwks", status(500));
    let signed = jwt_answer(sign(&world.key, None, &claims(json!({}))));
    assert_eq!(ask(&world, &built(asking(&world)), signed).await, Err(UserInfoError::KeysUnavailable));
    assert!(UserInfoError::EndpointUnknown.is_temporary() && UserInfoError::KeysUnavailable.is_temporary());
    assert!(!UserInfoError::TokenRefused.is_temporary() && !UserInfoError::SubjectWrong.is_temporary());
}

#[tokio::test]
async fn a_token_that_no_header_can_hold_is_not_sent() {
    let world = world();
    let asking = built(asking(&world).url("https://id.example/userinfo"));
    for token in ["", "a b", "a\r\nx: y", &"x".repeat(9000)] {
        assert_eq!(asking.ask(token, "u-1").await.map(drop), Err(UserInfoError::TokenRefused), "{token}");
    }
    assert_eq!(world.server.calls(PATH), 0);
}

#[tokio::test]
async fn a_setup_that_could_not_work_is_refused() {
    let world = world();
    let refused = |builder: UserInfoBuilder| builder.build().map(drop).expect_err("refused");
    assert_eq!(refused(world.guard().userinfo("")), UserInfoSetupError::ClientId);
    let plain = refused(asking(&world).url("http://id.example/userinfo"));
    assert!(matches!(plain, UserInfoSetupError::Endpoint(_)));
    for algorithms in [&[][..], &[SignatureAlgorithm::Hs256]] {
        assert_eq!(refused(asking(&world).algorithms(algorithms)), UserInfoSetupError::Algorithms);
    }
    for form in [UserInfoForm::Encrypted, UserInfoForm::Nested] {
        assert_eq!(refused(asking(&world).form(form)), UserInfoSetupError::DecryptionKeyMissing);
    }
}

#[tokio::test]
async fn keys_and_discovery_are_the_guards() {
    let world = world();
    let guard: Guard = world.guard();
    let token = world.jwt(json!({}));
    assert!(crate::support::check(&guard, &token).await.is_ok());
    let asking = built(guard.userinfo("shop"));
    let signed = jwt_answer(sign(&world.key, None, &claims(json!({}))));
    assert!(ask(&world, &asking, signed).await.is_ok());
    assert_eq!(world.server.calls("/jwks"), 1);
    assert_eq!(world.server.calls("/.well-known/oauth-authorization-server"), 1);
}
