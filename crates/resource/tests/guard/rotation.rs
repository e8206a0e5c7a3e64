//! The API's own keys: several, and replaced at run time.

use http::Request;
use http_body_util::BodyExt as _;
use jose::{ContentEncryption, DecryptionKey, KeyManagement, jwe};
use passavant_resource::{AnswerForm, GuardError, MetadataService, Reason};
use serde_json::{Value, json};
use tower_service::Service as _;

use crate::introspection::active;
use crate::support::{ISSUER, NOW, Script, World, check, refused, sign};

fn own() -> DecryptionKey {
    DecryptionKey::generate(KeyManagement::EcdhEs).expect("a key")
}

/// The server answers with an encrypted answer to this key.
fn answer_to(world: &World, to: &DecryptionKey) {
    let claims = json!({
        "iss": ISSUER, "aud": "notes-rs", "iat": NOW, "token_introspection": active(json!({}))
    });
    let signed = sign(&world.key, Some("token-introspection+jwt"), Some(world.key.kid()), &claims);
    let header =
        jwe::Header { cty: Some("JWT".to_owned()), kid: Some(to.kid().to_owned()), ..jwe::Header::default() };
    let key = to.encryption_key().expect("a key");
    let body = jwe::encrypt(&header, signed.as_bytes(), &key, ContentEncryption::A256Gcm).expect("a token");
    let media_type = "application/token-introspection+jwt";
    world.server.set("/introspect", Script::Answer { status: 200, media_type, body: body.into() });
}

async fn shown(service: &mut MetadataService) -> Vec<String> {
    let request = Request::get("/jwks").body(()).expect("a request");
    let body = service.call(request).await.expect("infallible").into_body();
    let document = body.collect().await.expect("a body").to_bytes();
    let document: Value = serde_json::from_slice(&document).expect("JSON");
    let keys = document["keys"].as_array().expect("a list").iter();
    keys.map(|key| {
        assert_eq!(key.get("d"), None, "public members alone");
        key["kid"].as_str().expect("a kid").to_owned()
    })
    .collect()
}

#[tokio::test]
async fn keys_rotate_while_the_guard_works() {
    let world = World::new();
    let (old, new) = (own(), own());
    let builder = world.introspecting().response(AnswerForm::Jwt).decryption_key(old.clone());
    let guard = builder.build().expect("a guard");
    let mut service = guard.metadata_service();
    assert_eq!(shown(&mut service).await, [old.kid()]);

    guard.replace_decryption_keys(&[new.clone(), old.clone()], &[]).expect("replaced");
    assert_eq!(shown(&mut service).await, [new.kid(), old.kid()], "the new one is published first");
    for (number, key) in [&new, &old].into_iter().enumerate() {
        answer_to(&world, key);
        assert!(check(&guard, &format!("both{number}")).await.is_ok());
    }

    guard.replace_decryption_keys(std::slice::from_ref(&new), std::slice::from_ref(&old)).expect("replaced");
    assert_eq!(shown(&mut service).await, [new.kid()]);
    answer_to(&world, &old);
    assert!(check(&guard, "late").await.is_ok(), "the old key still decrypts");

    guard.replace_decryption_keys(std::slice::from_ref(&new), &[]).expect("replaced");
    assert_eq!(refused(&guard, "too-late").await, Reason::AnswerUntrusted);
    answer_to(&world, &new);
    assert!(check(&guard, "new").await.is_ok());
}

#[tokio::test]
async fn a_kept_key_decrypts_and_is_not_shown() {
    let world = World::new();
    let (old, new) = (own(), own());
    let builder = world.introspecting().decryption_key(new.clone()).kept_decryption_key(old.clone());
    let guard = builder.build().expect("a guard");
    assert_eq!(shown(&mut guard.metadata_service()).await, [new.kid()]);
    answer_to(&world, &old);
    assert!(check(&guard, "opaque").await.is_ok());
}

#[test]
fn a_replacement_never_ends_encryption_nor_begins_it() {
    let world = World::new();
    let with = world.introspecting().decryption_key(own()).build().expect("a guard");
    assert_eq!(with.replace_decryption_keys(&[], &[own()]), Err(GuardError::DecryptionKeys));
    let without = world.introspecting().build().expect("a guard");
    assert_eq!(without.replace_decryption_keys(&[own()], &[]), Err(GuardError::DecryptionKeys));
}
