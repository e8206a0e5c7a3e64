//! Secrets: kept where they are absent, replaced where they are given.

use serde_json::json;

use crate::{
    browser::{Browser, Peer},
    installation::Installation,
    world::{NOTES, OTHER, REDIRECT, SECRET, shop_with, whole},
};

const ALICE: (&str, &str) = ("alice", "correct-horse");

#[tokio::test]
async fn an_absent_secret_is_kept_and_a_given_one_replaces_it() {
    let installation = Installation::new();
    installation.must_apply(&whole(), 4);
    let server = installation.serve(&[]);
    let peer = Peer::of(server.address());
    peer.token_with_status(("shop", SECRET), 200).await;

    let without = shop_with(json!({ "client_secret": null, "client_name": "Other shop" }));
    installation.must_apply(&json!({ "clients": [without] }), 1);
    peer.token_with_status(("shop", SECRET), 200).await;

    let with = shop_with(json!({ "client_secret": OTHER, "client_name": "Other shop" }));
    installation.must_apply(&json!({ "clients": [with] }), 1);
    peer.token_with_status(("shop", OTHER), 200).await;
    peer.token_with_status(("shop", SECRET), 401).await;
}

#[tokio::test]
async fn the_secret_of_a_resource_is_kept_and_replaced_the_same_way() {
    let installation = Installation::new();
    installation.must_apply(&whole(), 4);
    let mut world = json!({ "resources": whole()["resources"] });
    let resource = world["resources"][0].as_object_mut().expect("an object");
    resource.remove("client_secret");
    installation.must_apply(&world, 0);
    let server = installation.serve(&[]);
    let peer = Peer::of(server.address());
    let token = peer.token_with_status(("shop", SECRET), 200).await;
    let token = token.as_str().expect("a token");
    assert!(peer.is_active(("notes-rs", SECRET), token).await.expect("an answer"));
    drop(server);

    world["resources"][0]["client_secret"] = OTHER.into();
    installation.must_apply(&world, 1);
    let server = installation.serve(&[]);
    let peer = Peer::of(server.address());
    assert!(peer.is_active(("notes-rs", OTHER), token).await.expect("an answer"));
    let old = peer.post("/introspect", Some(("notes-rs", SECRET)), &[("token", token)]).await;
    assert_eq!(old.expect("an answer").status, 401);
}

#[tokio::test]
async fn password_in_a_document_applies_only_to_new_accounts() {
    let installation = Installation::new();
    installation.must_apply(&whole(), 4);
    let mut world = whole();
    world["users"][0]["password"] = "another-horse".into();
    installation.must_apply(&world, 0);
    let server = installation.serve(&[]);
    let peer = Peer::of(server.address());
    let mut browser = Browser::new(&peer);
    let other = browser.code("shop", REDIRECT, ("alice", "another-horse")).await.expect("pages");
    assert_eq!(other, None);
    assert!(Browser::new(&peer).code("shop", REDIRECT, ALICE).await.expect("pages").is_some());
}

#[tokio::test]
async fn a_resource_with_the_id_of_a_client_uses_its_credentials() {
    let installation = Installation::new();
    let mut world = whole();
    let resource = world["resources"][0].as_object_mut().expect("an object");
    resource.insert("client_id".to_owned(), "shop".into());
    resource.remove("client_secret");
    installation.must_apply(&world, 4);
    installation.must_apply(&world, 0);
    let server = installation.serve(&[]);
    let peer = Peer::of(server.address());
    let token = peer.token_with_status(("shop", SECRET), 200).await;
    assert!(peer.is_active(("shop", SECRET), token.as_str().expect("a token")).await.expect("an answer"));
}

#[test]
fn resource_may_share_a_client_that_authenticates_with_keys() {
    let installation = Installation::new();
    let shop = shop_with(json!({
        "client_secret": null, "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://shop.example/jwks",
    }));
    let world = json!({ "clients": [shop], "resources": [{ "resource": NOTES, "client_id": "shop" }] });
    installation.must_apply(&world, 2);
    installation.must_apply(&world, 0);
}

#[test]
fn change_that_needs_the_secret_itself_asks_for_it() {
    let installation = Installation::new();
    installation.must_apply(&whole(), 4);
    let needs = |secret: serde_json::Value| json!({ "clients": [shop_with(json!({ "client_secret": secret, "id_token_signed_response_alg": "HS256" }))] });
    let outcome = installation.apply(&needs(json!(null)), &[]);
    outcome.must_refuse(&["/clients/0/client_secret"]);
    installation.must_apply(&needs(json!(SECRET)), 1);
    installation.must_apply(&needs(json!(SECRET)), 0);
    installation.must_apply(&needs(json!(null)), 0);
}
