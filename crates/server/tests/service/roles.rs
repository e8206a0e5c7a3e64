//! An id that is a client's and a resource's has the rights of one of them at a time (RFC 7662 §2.2, §4).

use passavant_server::{Reason, store::ResourceSettings};
use serde_json::{Value, json};
use testkit::server::{Reply, Running, TestServer, confidential, public, resource, subject};

const PORTAL: &str = "https://portal.example";
const MUSIC: &str = "https://music.example";
const EVERYTHING: &str = "openid email offline_access portal.use music.play";

/// The client `portal`, and two resources: one with its id, and one that shares it with another.
async fn start() -> Running {
    TestServer::new()
        .client(confidential("portal").scope(EVERYTHING))
        .client(confidential("shop").scope(EVERYTHING))
        .resource(resource(PORTAL, "portal.use").shares("portal"))
        .resource(resource(MUSIC, "music.play").caller("music"))
        .account("alice")
        .start()
        .await
}

async fn tokens(server: &Running, client: &str, scope: &str) -> Reply {
    server.browser().sign_in("alice").authorize(client).scope(scope).tokens().await
}

async fn answer(server: &Running, token: &str, caller: &str) -> Value {
    server.introspect(token, caller).await.ok().json()
}

fn inactive() -> Value {
    json!({ "active": false })
}

/// A guard that has the client's credentials must not take the client's refresh token for an access token.
#[tokio::test]
async fn who_is_both_sees_no_refresh_token_not_even_its_own() {
    let server = start().await;
    let tokens = tokens(&server, "portal", EVERYTHING).await;
    assert_eq!(answer(&server, &tokens.member("refresh_token"), "portal").await, inactive());
    assert!(server.is_active(&tokens.member("access_token"), "portal").await, "it is for the resource");
}

/// As a resource it sees what is for it: not what it holds for another.
#[tokio::test]
async fn who_is_both_does_not_see_its_own_tokens_for_another() {
    let server = start().await;
    let for_music = tokens(&server, "portal", "openid music.play").await.member("access_token");
    assert_eq!(answer(&server, &for_music, "portal").await, inactive());
    assert!(server.is_active(&for_music, "music").await);
    let machine = server.client_credentials("portal").param("scope", "music.play").send().await.ok();
    assert_eq!(answer(&server, &machine.member("access_token"), "portal").await, inactive());
    let issuer_alone = tokens(&server, "portal", "openid").await.member("access_token");
    assert_eq!(answer(&server, &issuer_alone, "portal").await, inactive());
}

/// Whoever is both can't tell by itself for whom a token is: `aud` is always told, also where `none` is registered.
#[tokio::test]
async fn who_is_both_is_told_the_audience() {
    let server = start().await;
    let token = tokens(&server, "shop", "openid portal.use music.play").await.member("access_token");
    for member in [None, Some("resource"), Some("none")] {
        let choose = |settings: &mut ResourceSettings| {
            settings.introspection_audience = member.map(str::to_owned);
        };
        server.put_resource(resource(PORTAL, "portal.use").shares("portal").with(choose)).await;
        assert_eq!(answer(&server, &token, "portal").await["aud"], PORTAL, "{member:?}");
    }
    // Also where it calls with a bearer token.
    let bearer = server.client_credentials("portal").param("scope", "introspection").send().await.ok();
    let call = server.post("/introspect").bearer(&bearer.member("access_token")).param("token", &token);
    assert_eq!(call.send().await.ok().json()["aud"], PORTAL);
    assert_eq!(answer(&server, &token, "music").await.get("aud"), None, "it has one role only");
}

/// A token by which a resource introspects is none for its API, also where it is asked about itself.
#[tokio::test]
async fn the_introspection_token_of_a_resource_is_active_for_nobody() {
    let server = start().await;
    for resource in ["portal", "music"] {
        let own = server.client_credentials(resource).param("scope", "introspection").send().await.ok();
        let own = own.member("access_token");
        for caller in ["portal", "music"] {
            assert_eq!(answer(&server, &own, caller).await, inactive(), "{resource} {caller}");
        }
        let call = server.post("/introspect").bearer(&own).param("token", &own);
        assert_eq!(call.send().await.ok().json(), inactive(), "{resource}");
    }
}

/// Two resources with one credential: each must see whether the token is for it.
#[tokio::test]
async fn who_answers_for_two_resources_is_told_the_audience() {
    let server = start().await;
    server.put_resource(resource("https://films.example", "film.see").caller("music")).await;
    let token = tokens(&server, "shop", "openid music.play").await.member("access_token");
    assert_eq!(answer(&server, &token, "music").await["aud"], MUSIC);
    server.put_client(confidential("shop").scope("openid music.play film.see")).await;
    let both = tokens(&server, "shop", "openid music.play film.see").await.member("access_token");
    let told = answer(&server, &both, "music").await;
    assert_eq!(told["aud"], json!(["https://films.example", MUSIC]));
    assert_eq!(told["scope"], "openid music.play film.see");
}

/// RFC 7662 §2.2: "The authorization server MAY respond differently to different protected resources".
#[tokio::test]
async fn a_resource_is_told_its_own_scopes_and_those_of_openid() {
    let server = start().await;
    let token = tokens(&server, "shop", EVERYTHING).await.member("access_token");
    for (caller, scope) in [
        ("portal", "openid email offline_access portal.use"),
        ("music", "openid email offline_access music.play"),
        ("shop", EVERYTHING),
    ] {
        assert_eq!(answer(&server, &token, caller).await["scope"], scope, "{caller}");
    }
}

/// An owner is told what a refresh token is, and that it is for this server only.
#[tokio::test]
async fn an_owner_is_told_what_a_token_is_and_for_whom() {
    let server = start().await;
    let tokens = tokens(&server, "shop", EVERYTHING).await;
    let refresh = answer(&server, &tokens.member("refresh_token"), "shop").await;
    assert_eq!((&refresh["active"], &refresh["token_use"]), (&json!(true), &json!("refresh_token")));
    assert_eq!((refresh.get("token_type"), &refresh["aud"]), (None, &json!(server.issuer())));
    assert_eq!(refresh["sub"], subject("alice").as_str());
    let access = answer(&server, &tokens.member("access_token"), "shop").await;
    assert_eq!((access.get("token_use"), &access["aud"]), (None, &json!([MUSIC, PORTAL])));
    let none = self::tokens(&server, "shop", "openid").await.member("access_token");
    assert_eq!(answer(&server, &none, "shop").await["aud"], server.issuer());
}

/// A resource's token for the introspection endpoint opens nothing else: it is no access token for the resource.
#[tokio::test]
async fn a_token_that_introspects_is_no_access_token() {
    let server = start().await;
    let issue = |id: &'static str| {
        let call = server.post("/token").as_client(id).param("grant_type", "client_credentials");
        call.param("scope", "introspection").send()
    };
    for id in ["portal", "music"] {
        let token = issue(id).await.ok().member("access_token");
        assert_eq!(answer(&server, &token, id).await, inactive());
        let call = server.post("/introspect").bearer(&token).param("token", &token);
        assert_eq!(call.send().await.ok().json(), inactive());
        server.userinfo(&token).await.refused(Reason::ScopeInsufficient);
    }
}

/// A registration from before this was refused: whoever proves nothing gets no token that introspects.
#[tokio::test]
async fn a_public_client_gets_no_token_that_introspects() {
    let server = start().await;
    server.put_client(public("portal").scope(EVERYTHING)).await;
    for scope in [Some("introspection"), None] {
        let mut call = server.post("/token").param("client_id", "portal");
        call = call.param("grant_type", "client_credentials");
        if let Some(scope) = scope {
            call = call.param("scope", scope);
        }
        let reply = call.send_unwritten().await;
        assert!(reply.reason().is_some(), "{scope:?}: {}", reply.body());
        if scope.is_some() {
            reply.refused(Reason::IntrospectionNotAllowed);
        }
    }
}

/// RFC 3986 §6.2.3: the empty path of a resource is `/`, in requests and wherever an audience is compared.
#[tokio::test]
async fn the_empty_path_of_a_resource_is_a_slash() {
    let server = start().await;
    let slash = format!("{MUSIC}/");
    let reply = server.client_credentials("shop").param("scope", "music.play").param("resource", &slash);
    let token = reply.send().await.ok().member("access_token");
    assert_eq!(answer(&server, &token, "music").await["aud"], MUSIC, "as it is registered");
    let browser = server.browser().sign_in("alice");
    let code = browser.authorize("shop").scope(EVERYTHING).param("resource", MUSIC).code().await;
    let tokens = server.redemption(&code).param("resource", &slash).send().await.ok();
    let renewal = server.renewal("shop", &tokens.member("refresh_token")).param("resource", &slash);
    assert!(server.is_active(&renewal.send().await.ok().member("access_token"), "music").await);
    let twice = server.client_credentials("shop").param("resource", MUSIC).param("resource", &slash);
    assert_eq!(twice.send().await.ok().member("scope"), "email music.play");
}

/// RFC 8707 §2.2: where it is set, a token is for one resource, and who asks for more is told to name one.
#[tokio::test]
async fn a_token_for_several_resources_is_refused_where_it_is_set() {
    let server = TestServer::new()
        .client(confidential("shop").scope(EVERYTHING))
        .resource(resource(PORTAL, "portal.use").caller("portal"))
        .resource(resource(MUSIC, "music.play").caller("music"))
        .settings(|settings| settings.one_resource_per_token = true)
        .start()
        .await;
    let both = server.client_credentials("shop").param("scope", "portal.use music.play");
    both.clone().send().await.refused(Reason::AudienceTooMany);
    let reply = both.param("resource", MUSIC).send().await.ok();
    assert_eq!(reply.member("scope"), "music.play");
}
