//! Token exchange (RFC 8693).

use jose::{SignatureAlgorithm, SigningKey};
use passavant_server::{
    Reason, TokenExchange,
    ports::Standing,
    store::{Of, Why},
};
use protocol::{ClientId, TokenExchangePolicy};
use serde_json::{Value, json};
use testkit::server::{
    Call, Reply, Running, TestClient, TestServer, confidential, public, resource, subject,
};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
const REFRESH_TOKEN: &str = "urn:ietf:params:oauth:token-type:refresh_token";

const ORDERS: &str = "https://orders.example";
const BILLING: &str = "https://billing.example";
const STOCK: &str = "https://stock.example";

fn exchanging(id: &str, policy: Value) -> TestClient {
    let policy: TokenExchangePolicy = serde_json::from_value(policy).expect("a policy");
    let scope = "openid offline_access orders.read bills.read stock.read passavant.admin";
    confidential(id).scope(scope).with(|client| client.token_exchange = Some(policy))
}

fn server() -> TestServer {
    let of_orders = json!({ "subject_audiences": [ORDERS], "audiences": [BILLING] });
    let of_billing = json!({ "subject_clients": ["orders"], "audiences": [STOCK], "scopes": ["stock.read", "passavant.admin"] });
    let of_support = json!({ "subject_clients": ["shop"], "audiences": [BILLING], "impersonation": true });
    let of_sessions = json!({ "subject_clients": ["shop"], "audiences": [STOCK], "scopes": ["stock.read"] });
    TestServer::new()
        .settings(|settings| settings.token_exchange = Some(TokenExchange::default()))
        .client(confidential("shop").scope("openid offline_access orders.read bills.read"))
        .client(exchanging("orders", of_orders.clone()))
        .client(exchanging("billing", of_billing))
        .client(exchanging("support", of_support))
        .client(exchanging("sessions", of_sessions))
        .client(confidential("plain").scope("orders.read bills.read"))
        .client(exchanging("open", of_orders).method("none"))
        .resource(resource(ORDERS, "orders.read").caller("orders-api"))
        .resource(resource(BILLING, "bills.read").caller("billing-api"))
        .resource(resource(STOCK, "stock.read").caller("stock-api").jwt())
        .account("alice")
}

async fn start() -> Running {
    server().start().await
}

/// Tokens of alice at the shop, for orders and billing.
async fn tokens(server: &Running) -> Reply {
    let browser = server.browser().sign_in("alice");
    browser.authorize("shop").scope("openid orders.read bills.read").tokens().await
}

fn exchange(server: &Running, client: &str, subject_token: &str) -> Call {
    let params =
        [("grant_type", GRANT), ("subject_token", subject_token), ("subject_token_type", ACCESS_TOKEN)];
    server.post("/token").as_client(client).params(&params)
}

/// The token of the orders API for billing.
async fn for_billing(server: &Running) -> (Reply, String) {
    let tokens = tokens(server).await;
    let reply = exchange(server, "orders", &tokens.member("access_token")).send().await.ok();
    let token = reply.member("access_token");
    (tokens, token)
}

/// RFC 8693 §2.2.1
#[tokio::test]
async fn an_exchange_answers_with_an_access_token_and_its_type() {
    let server = start().await;
    let tokens = tokens(&server).await;
    for requested in [None, Some(ACCESS_TOKEN)] {
        let call = exchange(&server, "orders", &tokens.member("access_token"));
        let call = requested.iter().fold(call, |call, of| call.param("requested_token_type", of));
        let reply = call.send().await.ok();
        assert_eq!(reply.member("issued_token_type"), ACCESS_TOKEN);
        assert_eq!(
            (reply.member("token_type"), reply.member("scope")),
            ("Bearer".into(), "bills.read".into())
        );
        assert_eq!((&reply.json()["refresh_token"], &reply.json()["id_token"]), (&Value::Null, &Value::Null));
    }
}

/// RFC 8693 §1.1, §4.1: the user is the subject, and the client that acts for it is told.
#[tokio::test]
async fn whoever_judges_the_token_learns_whom_it_is_about_and_who_acts() {
    let server = start().await;
    let (_, token) = for_billing(&server).await;
    let told = server.introspect(&token, "billing-api").await.ok().json();
    assert_eq!((&told["sub"], &told["client_id"]), (&json!(subject("alice").as_str()), &json!("orders")));
    assert_eq!(told["act"], json!({ "sub": "orders", "client_id": "orders" }));
    assert!(!server.is_active(&token, "orders-api").await, "it is for billing alone");
}

/// RFC 8693 §4.1: those who acted before stay in the chain, in a JWT and for opaque tokens.
#[tokio::test]
async fn the_whole_chain_of_actors_is_kept() {
    let server = start().await;
    let (_, token) = for_billing(&server).await;
    let call = exchange(&server, "billing", &token).param("requested_token_type", JWT);
    let reply = call.send().await.ok();
    assert_eq!(reply.member("issued_token_type"), JWT);
    let token = reply.member("access_token");
    let payload = token.split('.').nth(1).expect("a JWT");
    let payload: Value =
        serde_json::from_slice(&jose::base64url::decode(payload).expect("base64url")).expect("JSON");
    let chain = json!({
        "sub": "billing", "client_id": "billing", "act": { "sub": "orders", "client_id": "orders" },
    });
    assert_eq!((&payload["act"], &payload["sub"]), (&chain, &json!(subject("alice").as_str())));
    assert_eq!(server.introspect(&token, "stock-api").await.ok().json()["act"], chain);
}

/// RFC 8693 §1.1: impersonation is for clients that the operator lets do it.
#[tokio::test]
async fn only_a_client_whose_policy_says_so_impersonates() {
    let server = start().await;
    let tokens = tokens(&server).await;
    let reply = exchange(&server, "support", &tokens.member("access_token")).send().await.ok();
    let told = server.introspect(&reply.member("access_token"), "billing-api").await.ok().json();
    assert_eq!((&told["act"], &told["sub"]), (&Value::Null, &json!(subject("alice").as_str())));
}

/// RFC 8693 §2.1: an actor token is the client's own, and its type comes with it.
#[tokio::test]
async fn an_actor_token_names_the_actor_and_belongs_to_the_client() {
    let server = start().await;
    let tokens = tokens(&server).await;
    let token = tokens.member("access_token");
    let own = server.client_credentials("support").param("scope", "bills.read").send().await.ok();
    let other = server.client_credentials("plain").param("scope", "bills.read").send().await.ok();
    let call = |actor: &str, of: &str| {
        exchange(&server, "support", &token).param("actor_token", actor).param("actor_token_type", of)
    };
    let reply = call(&own.member("access_token"), ACCESS_TOKEN).send().await.ok();
    let told = server.introspect(&reply.member("access_token"), "billing-api").await.ok().json();
    assert_eq!(told["act"]["sub"], "support");
    let foreign = call(&other.member("access_token"), ACCESS_TOKEN).send().await;
    foreign.refused(Reason::ActorTokenInactive);
    call("nonsense", ACCESS_TOKEN).send().await.refused(Reason::ActorTokenInactive);
    call(&tokens.member("id_token"), ID_TOKEN).send().await.refused(Reason::ActorTokenInactive);
    call("x", REFRESH_TOKEN).send().await.refused(Reason::TokenTypeUnsupported);
    let untyped = exchange(&server, "support", &token).param("actor_token", "x").send().await;
    untyped.refused(Reason::ParameterMissing("actor_token_type"));
    let alone = exchange(&server, "support", &token).param("actor_token_type", ACCESS_TOKEN).send().await;
    alone.refused(Reason::ParameterMissing("actor_token"));
}

/// RFC 8693 §4.4: an account may name who acts for it.
#[tokio::test]
async fn an_account_names_who_may_act_for_it() {
    let server = start().await;
    let tokens = tokens(&server).await;
    let exchange = async || exchange(&server, "orders", &tokens.member("access_token")).send().await;
    for (may_act, allowed) in [
        (json!({ "sub": "orders" }), true),
        (json!([{ "sub": "x" }, { "client_id": "orders" }]), true),
        (json!({ "sub": "billing" }), false),
        (json!([]), false),
    ] {
        server.accounts.set_claim("alice", "may_act", may_act.clone());
        let reply = exchange().await;
        if allowed {
            reply.ok();
        } else {
            reply.refused(Reason::ActorNotAllowed);
        }
    }
}

/// RFC 8693 §2.2.2: what the policy of the client does not cover is refused.
#[tokio::test]
async fn only_tokens_that_the_policy_covers_are_exchanged() {
    let server = start().await;
    let all = tokens(&server).await;
    let token = all.member("access_token");
    exchange(&server, "plain", &token).send().await.refused(Reason::ExchangeNotAllowed);
    exchange(&server, "open", &token).send().await.refused(Reason::ExchangeNotAllowed);
    exchange(&server, "billing", &token).send().await.refused(Reason::SubjectTokenNotAllowed);
    let browser = server.browser().sign_in("alice");
    let elsewhere = browser.authorize("shop").scope("bills.read").tokens().await.member("access_token");
    exchange(&server, "orders", &elsewhere).send().await.refused(Reason::SubjectTokenNotAllowed);
    let machine = server.client_credentials("plain").param("scope", "orders.read").send().await.ok();
    let of_machine = exchange(&server, "orders", &machine.member("access_token")).send().await;
    of_machine.refused(Reason::SubjectTokenNotAllowed);
    for (token, of, reason) in [
        (all.member("access_token"), REFRESH_TOKEN, Reason::TokenTypeUnsupported),
        (all.member("id_token"), ACCESS_TOKEN, Reason::SubjectTokenInactive),
        (all.member("access_token"), ID_TOKEN, Reason::SubjectTokenInactive),
        ("nonsense".to_owned(), ACCESS_TOKEN, Reason::SubjectTokenInactive),
        ("nonsense".to_owned(), ID_TOKEN, Reason::SubjectTokenInactive),
    ] {
        let call = exchange(&server, "orders", &token).without("subject_token_type");
        call.param("subject_token_type", of).send().await.refused(reason);
    }
    for missing in ["subject_token", "subject_token_type"] {
        let reply = exchange(&server, "orders", &token).without(missing).send().await;
        reply.refused(Reason::ParameterMissing(missing));
    }
    let requested = |of: &str| exchange(&server, "orders", &token).param("requested_token_type", of);
    requested(REFRESH_TOKEN).send().await.refused(Reason::TokenTypeUnsupported);
    requested(ID_TOKEN).send().await.refused(Reason::TokenTypeUnsupported);
    requested(JWT).send().await.refused(Reason::TokenTypeUnsupported);
}

/// RFC 8693 §2.1: `resource` and `audience` choose among the resources of the policy, and `scope` narrows.
#[tokio::test]
async fn the_target_is_one_of_the_policy_and_the_scope_only_narrows() {
    let server = start().await;
    let token = tokens(&server).await.member("access_token");
    let call = |name: &str, value: &str| exchange(&server, "orders", &token).param(name, value);
    for name in ["resource", "audience"] {
        call(name, BILLING).send().await.ok();
        call(name, STOCK).send().await.refused(Reason::ResourceNotAllowed);
        call(name, ORDERS).send().await.refused(Reason::ResourceNotAllowed);
        call(name, "https://unknown.example").send().await.refused(Reason::ResourceNotAllowed);
    }
    assert_eq!(call("scope", "bills.read").send().await.ok().member("scope"), "bills.read");
    call("scope", "stock.read").send().await.refused(Reason::ScopeNotGranted);
    call("scope", "openid").send().await.refused(Reason::ScopeNotGranted);
    call("scope", "orders.read").send().await.refused(Reason::ScopeNotGranted);
    call("scope", "unknown").send().await.refused(Reason::ScopeNotRegistered);
    call("scope", "passavant.admin").send().await.refused(Reason::ScopeNotRegistered);
    // What the policy adds is not what administers the server, whatever it says.
    let (_, of_orders) = for_billing(&server).await;
    let admin = exchange(&server, "billing", &of_orders).param("scope", "passavant.admin").send().await;
    admin.refused(Reason::ScopeNotRegistered);
    let narrow = server.browser().sign_in("alice").authorize("shop").scope("orders.read").tokens().await;
    let nothing = exchange(&server, "orders", &narrow.member("access_token")).send().await;
    nothing.refused(Reason::ScopeNotGranted);
}

/// An exchanged token ends with the grant of the subject token, with its own client, and with its user.
#[tokio::test]
async fn an_exchanged_token_ends_with_its_grant_its_client_and_its_user() {
    for of in ["grant", "orders", "shop", "alice"] {
        let server = start().await;
        let (tokens, opaque) = for_billing(&server).await;
        let reply = exchange(&server, "billing", &opaque).send().await.ok();
        let jwt = reply.member("access_token");
        assert!(server.is_active(&opaque, "billing-api").await && server.is_active(&jwt, "stock-api").await);
        let alice = Of::Subject(subject("alice"));
        let end = |of, why| server.authorization_server.end(of, why);
        match of {
            "grant" => {
                let grants = server.store.list_grants(Some(&alice), None, 9).await.expect("it works");
                assert_eq!(grants.len(), 1, "no grant of its own");
                end(Of::Grant(grants[0].id), Why::Revoked).await.expect("it works");
            }
            "alice" => {
                server.accounts.set_standing("alice", Standing::Disabled);
                let refused = exchange(&server, "orders", &tokens.member("access_token")).send().await;
                refused.refused(Reason::SubjectDisabled);
                end(alice, Why::AccountDisabled).await.expect("it works");
            }
            "shop" => {
                end(Of::Client(ClientId::new("shop")), Why::ClientDisabled).await.expect("it works");
            }
            client => {
                let policy = json!({ "subject_audiences": [ORDERS], "audiences": [BILLING] });
                server.put_client(exchanging(client, policy).disabled()).await;
            }
        }
        assert!(!server.is_active(&opaque, "billing-api").await, "{of}");
        // That of billing is read through the grant and billing, not through orders.
        assert_eq!(server.is_active(&jwt, "stock-api").await, of == "orders", "{of}");
        let again = exchange(&server, "billing", &opaque).send().await;
        again.refused(Reason::SubjectTokenInactive);
    }
}

/// The client of a JWT that was exchanged ends it too, also where another with its id is registered afterwards.
#[tokio::test]
async fn an_exchanged_jwt_ends_with_its_client() {
    let server = start().await;
    let (_, opaque) = for_billing(&server).await;
    let jwt = exchange(&server, "billing", &opaque).send().await.ok().member("access_token");
    let policy = json!({ "subject_clients": ["orders"], "audiences": [STOCK], "scopes": ["stock.read"] });
    server.put_client(exchanging("billing", policy.clone()).disabled()).await;
    assert!(!server.is_active(&jwt, "stock-api").await);
    server.put_client(exchanging("billing", policy)).await;
    assert!(!server.is_active(&jwt, "stock-api").await, "of another epoch");
}

/// An exchanged token never outlives its subject token, however often it is exchanged, nor the limit of the server.
#[tokio::test]
async fn an_exchanged_token_never_outlives_its_subject_token() {
    let short = |settings: &mut passavant_server::Settings| {
        settings.token_exchange = Some(TokenExchange { token_lifetime_max: 60 });
    };
    let server = start().await;
    let token = tokens(&server).await.member("access_token");
    server.clock.advance(500);
    let reply = exchange(&server, "orders", &token).send().await.ok();
    assert_eq!(reply.json()["expires_in"], 100);
    server.clock.advance(40);
    let next = exchange(&server, "billing", &reply.member("access_token")).send().await.ok();
    assert_eq!(next.json()["expires_in"], 60);
    server.clock.advance(60);
    exchange(&server, "orders", &token).send().await.refused(Reason::SubjectTokenInactive);
    let server = self::server().settings(short).start().await;
    let token = tokens(&server).await.member("access_token");
    assert_eq!(exchange(&server, "orders", &token).send().await.ok().json()["expires_in"], 60);
}

/// RFC 8693 §3: an ID token of a session that lives is exchanged for what the policy allows; the session ends it.
#[tokio::test]
async fn an_id_token_is_exchanged_while_its_session_lives() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let tokens = browser.authorize("shop").scope("openid orders.read").tokens().await;
    let of_id_token = |client: &str| {
        exchange(&server, client, &tokens.member("id_token"))
            .without("subject_token_type")
            .param("subject_token_type", ID_TOKEN)
    };
    let token = of_id_token("sessions").send().await.ok().member("access_token");
    let told = server.introspect(&token, "stock-api").await.ok().json();
    assert_eq!((&told["active"], &told["scope"]), (&json!(true), &json!("stock.read")));
    of_id_token("orders").send().await.refused(Reason::SubjectTokenNotAllowed);
    of_id_token("support").send().await.refused(Reason::ScopeNotGranted);
    browser.open("https://as.example/logout").await;
    assert!(!server.is_active(&token, "stock-api").await);
    of_id_token("sessions").send().await.refused(Reason::SubjectTokenInactive);
}

/// RFC 8693 §5, RFC 9449 §7.1: a bound token is exchanged by whoever shows its key, for one that is bound to it.
#[tokio::test]
async fn a_bound_token_stays_bound() {
    let server = start().await;
    let key = || SigningKey::generate(SignatureAlgorithm::Es256).expect("fails without entropy only");
    let (own, other) = (key(), key());
    let proof = |key: &SigningKey| server.proof(key, "POST", "/token").sign();
    let browser = server.browser().sign_in("alice");
    let code = browser.authorize("shop").scope("orders.read bills.read").code().await;
    let bound =
        server.redemption(&code).header("dpop", &proof(&own)).send().await.ok().member("access_token");
    exchange(&server, "orders", &bound).send().await.refused(Reason::SubjectTokenInactive);
    let wrong = exchange(&server, "orders", &bound).header("dpop", &proof(&other)).send().await;
    wrong.refused(Reason::SubjectTokenInactive);
    let reply = exchange(&server, "orders", &bound).header("dpop", &proof(&own)).send().await.ok();
    assert_eq!(reply.member("token_type"), "DPoP");
    let told = server.introspect(&reply.member("access_token"), "billing-api").await.ok().json();
    let jkt = own.public_jwk().expect("it is no shared secret").thumbprint().to_string();
    assert_eq!(told["cnf"]["jkt"], json!(jkt));
}

/// RFC 8693 §2.1, RFC 8414 §2: the grant is announced where it is served, and only there; it is for confidential clients.
#[tokio::test]
async fn the_grant_is_announced_where_it_is_served() {
    for is_served in [true, false] {
        let server = server().settings(|settings| {
            settings.token_exchange = settings.token_exchange.filter(|_| is_served);
        });
        let server = server.client(public("spa")).start().await;
        let metadata = server.get("/.well-known/oauth-authorization-server").send().await.ok().json();
        let grant_types = metadata["grant_types_supported"].as_array().expect("a list");
        assert_eq!(grant_types.contains(&GRANT.into()), is_served);
        let reason = exchange(&server, "spa", "x").send().await.reason();
        let expected = if is_served { Reason::ExchangeNotAllowed } else { Reason::GrantTypeUnsupported };
        assert_eq!(reason, Some(expected));
    }
}

/// RFC 8693 §4.1: the chain has an end.
#[tokio::test]
async fn the_number_of_actors_is_bounded() {
    let policy = json!({ "subject_clients": ["shop", "loop"], "audiences": [BILLING] });
    let server = server().client(exchanging("loop", policy)).start().await;
    let mut token = tokens(&server).await.member("access_token");
    for _ in 0..8 {
        token = exchange(&server, "loop", &token).send().await.ok().member("access_token");
    }
    exchange(&server, "loop", &token).send().await.refused(Reason::ActorsTooMany);
}
