//! JWT access tokens (RFC 9068), for resources that request them.

use jose::{SignatureAlgorithm, Unverified, base64url};
use passavant_server::{
    Reason,
    store::{Of, Why},
};
use serde_json::{Value, json};
use testkit::server::{Reply, Running, TestServer, confidential, resource, subject};

const NOTES: &str = "https://notes.example";
const PHOTOS: &str = "https://photos.example";

async fn start() -> Running {
    let scope = "openid offline_access notes.read photos.see music.play";
    let rs256 = |settings: &mut passavant_server::store::ResourceSettings| {
        settings.access_token_signing_alg = Some("RS256".to_owned());
        settings.access_token_lifetime = Some(120);
    };
    TestServer::new()
        .client(confidential("shop").scope(scope))
        .resource(resource(NOTES, "notes.read").caller("notes").jwt())
        .resource(resource(PHOTOS, "photos.see").caller("photos").jwt().with(rs256))
        .resource(resource("https://music.example", "music.play").caller("music"))
        .account("alice")
        .start()
        .await
}

async fn user_token(server: &Running, scope: &str) -> Reply {
    server.browser().sign_in("alice").authorize("shop").scope(scope).tokens().await
}

async fn machine_token(server: &Running, scope: &str) -> Reply {
    server.client_credentials("shop").param("scope", scope).send().await.ok()
}

fn header(token: &str) -> Value {
    let encoded = token.split('.').next().expect("compact");
    serde_json::from_slice(&base64url::decode(encoded).expect("base64url")).expect("JSON")
}

/// RFC 9068 §2.1
#[tokio::test]
async fn the_header_says_what_it_is() {
    let server = start().await;
    let token = user_token(&server, "notes.read").await.member("access_token");
    let header = header(&token);
    let kid = header["kid"].clone();
    assert_eq!(header, json!({ "typ": "at+jwt", "alg": "ES256", "kid": kid }));
    server.verified(&token).await;
}

/// `access_token_typ`: some frameworks refuse `at+jwt`. An ID token of the same type is still no access token.
#[tokio::test]
async fn access_token_typ_sets_the_type() {
    let plain = |settings: &mut passavant_server::store::ResourceSettings| {
        settings.access_token_typ = Some("JWT".to_owned());
    };
    let server = TestServer::new()
        .client(confidential("shop").scope("openid notes.read photos.see"))
        .resource(resource(NOTES, "notes.read").caller("notes").jwt().with(plain))
        .resource(resource(PHOTOS, "photos.see").caller("photos").jwt())
        .account("alice")
        .start()
        .await;
    let tokens = user_token(&server, "openid notes.read").await;
    let (token, id_token) = (tokens.member("access_token"), tokens.member("id_token"));
    assert_eq!(header(&token)["typ"], "JWT");
    assert!(server.is_active(&token, "notes").await);
    assert!(!server.is_active(&id_token, "notes").await);
    let both = user_token(&server, "openid notes.read photos.see").await.member("access_token");
    assert_eq!(header(&both)["typ"], "at+jwt", "one of its resources accepts nothing else");
}

/// `access_token_format`: a resource without credentials can't introspect.
#[tokio::test]
async fn resources_without_credentials_get_jwts_by_default() {
    let opaque = |settings: &mut passavant_server::store::ResourceSettings| {
        settings.access_token_format = Some("opaque".to_owned());
    };
    let server = TestServer::new()
        .client(confidential("shop").scope("notes.read photos.see music.play"))
        .resource(resource(NOTES, "notes.read"))
        .resource(resource(PHOTOS, "photos.see").with(opaque))
        .resource(resource("https://music.example", "music.play").caller("music"))
        .start()
        .await;
    for (scope, is_jwt) in [("notes.read", true), ("photos.see", false), ("music.play", false)] {
        let token = machine_token(&server, scope).await.member("access_token");
        assert_eq!(token.contains('.'), is_jwt, "{scope}");
    }
}

/// RFC 9068 §2.2
#[tokio::test]
async fn a_user_token_has_these_claims() {
    let server = start().await;
    let signed_in_at = server.now();
    let browser = server.browser().sign_in("alice");
    let code = browser.authorize("shop").scope("openid notes.read").code().await;
    server.clock.advance(7);
    let token = server.redeem(&code).await.ok().member("access_token");
    let claims = server.claims(&token).await;
    let (jti, gid) = (claims["jti"].clone(), claims["gid"].clone());
    assert!(jti.as_str().is_some_and(|jti| jti.len() == 22) && gid.is_string(), "{claims}");
    let expected = json!({
        "iss": "https://as.example", "sub": subject("alice").as_str(), "aud": NOTES, "client_id": "shop",
        "iat": signed_in_at + 7, "exp": signed_in_at + 607, "scope": "openid notes.read",
        "auth_time": signed_in_at, "jti": jti, "gid": gid,
    });
    assert_eq!(claims, expected);
}

/// RFC 9068 §2.2: without a resource owner, `sub` is the client.
#[tokio::test]
async fn a_machine_token_has_its_client_as_subject() {
    let server = start().await;
    let token = machine_token(&server, "notes.read").await.member("access_token");
    let claims = server.claims(&token).await;
    assert_eq!(
        (&claims["sub"], &claims["client_id"], claims.get("auth_time")),
        (&json!("shop"), &json!("shop"), None)
    );
}

/// RFC 9068 §5: a user whose `sub` equals a client id is not that client.
#[tokio::test]
async fn a_user_who_is_called_like_the_client_is_still_a_user() {
    let server = start().await;
    let id = subject("alice");
    server.put_client(confidential(id.as_str()).scope("openid notes.read")).await;
    let request = server.browser().sign_in("alice").authorize(id.as_str()).scope("openid notes.read");
    let token = request.tokens().await.member("access_token");
    let claims = server.claims(&token).await;
    assert_eq!(claims["sub"], claims["client_id"]);
    assert_eq!(server.introspect(&token, "notes").await.ok().json()["username"], "alice");
    server.userinfo(&token).await.ok();
}

/// `access_token_signing_alg`, `access_token_lifetime`
#[tokio::test]
async fn a_resource_chooses_algorithm_and_lifetime() {
    let server = start().await;
    let reply = machine_token(&server, "photos.see").await;
    let token = reply.member("access_token");
    assert_eq!((&header(&token)["alg"], &reply.json()["expires_in"]), (&json!("RS256"), &json!(120)));
    let claims = server.claims(&token).await;
    assert_eq!(claims["exp"].as_i64(), Some(server.now() + 120));
}

/// RFC 9068 §3: one token for several resources, with the shortest of their lifetimes.
#[tokio::test]
async fn a_token_for_several_resources_names_them_all() {
    let server = start().await;
    let token = machine_token(&server, "notes.read photos.see").await.member("access_token");
    let claims = server.claims(&token).await;
    assert_eq!((&claims["aud"], claims["exp"].as_i64()), (&json!([NOTES, PHOTOS]), Some(server.now() + 120)));
    assert!(server.is_active(&token, "notes").await && server.is_active(&token, "photos").await);
}

/// If one of the resources expects opaque tokens, the token is opaque.
#[tokio::test]
async fn a_token_is_a_jwt_only_where_every_resource_says_so() {
    let server = start().await;
    let token = machine_token(&server, "notes.read music.play").await.member("access_token");
    assert!(Unverified::parse(&token).is_err() && token.len() == 43);
    assert!(server.is_active(&token, "notes").await && server.is_active(&token, "music").await);
}

/// A token only for this server is opaque.
#[tokio::test]
async fn a_token_for_no_resource_is_opaque() {
    let server = start().await;
    assert_eq!(user_token(&server, "openid").await.member("access_token").len(), 43);
}

/// A client_credentials JWT causes no write.
#[tokio::test]
async fn a_jwt_leaves_no_row() {
    let server = start().await;
    let call = server.client_credentials("shop").param("scope", "notes.read");
    call.send_unwritten().await.ok();
}

/// RFC 9068 §2.2: `jti`
#[tokio::test]
async fn no_two_tokens_have_one_name() {
    let server = start().await;
    let mut names = Vec::new();
    for _ in 0..10 {
        let token = machine_token(&server, "notes.read").await.member("access_token");
        names.push(server.claims(&token).await["jti"].as_str().expect("text").to_owned());
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 10);
}

/// A JWT can be introspected like any other token, and the response has its `jti`.
#[tokio::test]
async fn a_jwt_can_be_introspected() {
    let server = start().await;
    let token = user_token(&server, "openid notes.read").await.member("access_token");
    let answer = server.introspect(&token, "notes").await.ok().json();
    let claims = server.claims(&token).await;
    for name in ["sub", "client_id", "scope", "exp", "iat", "iss", "jti"] {
        assert_eq!(answer[name], claims[name], "{name}");
    }
    assert_eq!(answer["username"], "alice");
    assert!(!server.is_active(&token, "photos").await);
}

/// RFC 8707 §2.2: as for opaque tokens, the response has the audience if the client named the resource.
#[tokio::test]
async fn an_introspected_jwt_says_its_audience_only_where_the_client_named_it() {
    let server = start().await;
    let call = server.client_credentials("shop").param("scope", "notes.read");
    for (call, aud) in [(call.clone(), None), (call.param("resource", NOTES), Some(json!(NOTES)))] {
        let token = call.send().await.ok().member("access_token");
        assert_eq!(server.introspect(&token, "notes").await.ok().json().get("aud"), aud.as_ref());
    }
}

/// Expiry does not depend on a row.
#[tokio::test]
async fn an_expired_jwt_is_inactive() {
    let server = start().await;
    let token = user_token(&server, "openid notes.read").await.member("access_token");
    server.clock.advance(600);
    assert!(!server.is_active(&token, "notes").await);
    server.userinfo(&token).await.refused(Reason::TokenInactive);
}

/// The end of a grant ends its JWTs, at every endpoint of this server.
#[tokio::test]
async fn a_jwt_ends_with_its_grant() {
    let server = start().await;
    let token = user_token(&server, "openid notes.read").await.member("access_token");
    server.userinfo(&token).await.ok();
    server.authorization_server.end(Of::Subject(subject("alice")), Why::Host).await.expect("ends");
    assert!(!server.is_active(&token, "notes").await);
    server.userinfo(&token).await.refused(Reason::TokenInactive);
}

/// The validity of a client_credentials JWT is read through its client.
#[tokio::test]
async fn a_machines_jwt_ends_with_its_client() {
    let server = start().await;
    let token = machine_token(&server, "notes.read").await.member("access_token");
    let shop = || confidential("shop").scope("notes.read");
    server.put_client(shop().disabled()).await;
    assert!(!server.is_active(&token, "notes").await, "disabled");
    server.put_client(shop()).await;
    assert!(!server.is_active(&token, "notes").await, "enabled again");
    let token = machine_token(&server, "notes.read").await.member("access_token");
    server.put_client(shop()).await;
    assert!(server.is_active(&token, "notes").await, "replaced");
    server.delete_client("shop").await;
    server.put_client(shop()).await;
    assert!(!server.is_active(&token, "notes").await, "made anew");
}

/// Signatures remain valid after their key has been replaced: both keys are published.
#[tokio::test]
async fn a_token_of_a_retired_key_still_verifies() {
    let server = start().await;
    let before = machine_token(&server, "notes.read").await.member("access_token");
    server
        .authorization_server
        .rotate_key(SignatureAlgorithm::Es256, passavant_server::KeyStart::Now)
        .await
        .expect("rotates");
    let after = machine_token(&server, "notes.read").await.member("access_token");
    assert_ne!(header(&before)["kid"], header(&after)["kid"]);
    for token in [before, after] {
        server.verified(&token).await;
        assert!(server.is_active(&token, "notes").await);
    }
}

/// RFC 9068 §4, RFC 8725 §3.11: signatures by other keys and other types of tokens are refused.
#[tokio::test]
async fn what_is_not_signed_as_an_access_token_is_none() {
    let server = start().await;
    let tokens = user_token(&server, "openid notes.read").await;
    let token = tokens.member("access_token");
    let forged = testkit::Authority::new(server.issuer()).token(NOTES).subject("alice").sign();
    let cut = &token[..token.len() - 2];
    let none = format!(
        "{}.{}.",
        base64url::encode(b"{\"alg\":\"none\",\"typ\":\"at+jwt\"}"),
        token.split('.').nth(1).expect("a payload")
    );
    for bad in [&*forged, cut, &none, &tokens.member("id_token")] {
        assert!(!server.is_active(bad, "notes").await, "{bad}");
        server.userinfo(bad).await.refused(Reason::TokenInactive);
    }
}
