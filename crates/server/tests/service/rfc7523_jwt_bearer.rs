//! Assertions of trusted issuers that speak for users (RFC 7523 §2.1).

use jose::{SignatureAlgorithm, SigningKey, jws};
use passavant_server::{
    JwtBearer, Reason, TrustedIssuer,
    ports::{FetchError, Standing},
    store::{Of, Why},
};
use serde_json::{Value, json};
use testkit::server::{Call, Running, TestServer, confidential, public, resource, subject};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const IDP: &str = "https://idp.example";
const KEYS: &str = "https://idp.example/jwks";

fn server(issuers: &[&str]) -> TestServer {
    let issuers = issuers.iter().map(|text| TrustedIssuer::parse(text).expect("two URLs")).collect();
    TestServer::new()
        .settings(|settings| settings.jwt_bearer = Some(JwtBearer { issuers }))
        .client(confidential("batch").scope("openid offline_access notes.read passavant.admin"))
        .client(public("spa").scope("notes.read"))
        .resource(resource("https://notes.example", "notes.read").caller("notes"))
        .account("alice")
}

/// A server that trusts an issuer with this key.
async fn start(key: &SigningKey) -> Running {
    let server = server(&[&format!("{IDP} {KEYS}")]).start().await;
    serve_keys(&server, key);
    server
}

fn serve_keys(server: &Running, key: &SigningKey) {
    let jwk = key.public_jwk().expect("it is no shared secret").to_value();
    server.fetch.serve(KEYS, &json!({ "keys": [jwk] }));
}

fn key() -> SigningKey {
    SigningKey::generate(SignatureAlgorithm::Es256).expect("fails without entropy only")
}

/// An assertion about alice with these changes; null removes a claim.
fn assertion(server: &Running, key: &SigningKey, changes: &[(&str, Value)]) -> String {
    let now = passavant_server::ports::Clock::now(&server.clock).0;
    let jti = server.authorization_server.draws().id();
    let mut claims = json!({
        "iss": IDP, "sub": subject("alice").as_str(), "aud": server.issuer(), "jti": jti,
        "iat": now, "exp": now + 60,
    });
    for (name, value) in changes {
        claims[*name] = value.clone();
    }
    claims.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    let header = jws::Header { kid: Some(key.kid().into()), ..jws::Header::default() };
    jws::sign(&header, claims.to_string().as_bytes(), key).expect("it signs")
}

fn redemption(server: &Running, client: &str, assertion: &str) -> Call {
    let params = [("grant_type", GRANT), ("assertion", assertion)];
    server.post("/token").as_client(client).params(&params)
}

/// RFC 7523 §2.1, RFC 7521 §4.1: a token of the user, and no refresh token.
#[tokio::test]
async fn an_assertion_gives_a_token_of_its_user() {
    let key = key();
    let server = start(&key).await;
    let reply = redemption(&server, "batch", &assertion(&server, &key, &[])).send().await.ok();
    let told = server.introspect(&reply.member("access_token"), "notes").await.ok().json();
    assert_eq!((&told["sub"], &told["scope"]), (&json!(subject("alice").as_str()), &json!("notes.read")));
    assert_eq!((&reply.json()["refresh_token"], &reply.json()["id_token"]), (&Value::Null, &Value::Null));
    let at_token = assertion(&server, &key, &[("aud", json!("https://as.example/token"))]);
    redemption(&server, "batch", &at_token).send().await.ok();
}

/// RFC 7523 §3: an assertion of somebody else, about somebody else, for somebody else.
#[tokio::test]
async fn only_assertions_of_trusted_issuers_for_this_server_are_accepted() {
    let (key, other) = (key(), self::key());
    let server = start(&key).await;
    let refused = async |assertion: &str, reason| {
        redemption(&server, "batch", assertion).send().await.refused(reason);
    };
    refused(&assertion(&server, &other, &[]), Reason::BearerAssertionInvalid).await;
    refused("nonsense", Reason::BearerAssertionInvalid).await;
    for (name, value) in [
        ("iss", json!("https://other.example")),
        ("iss", json!(server.issuer())),
        ("aud", json!("https://other.example")),
        ("jti", Value::Null),
        ("sub", Value::Null),
        ("exp", Value::Null),
    ] {
        refused(&assertion(&server, &key, &[(name, value)]), Reason::BearerAssertionInvalid).await;
    }
    let late = assertion(&server, &key, &[]);
    server.clock.advance(91);
    refused(&late, Reason::BearerAssertionExpired).await;
    refused(&assertion(&server, &key, &[("sub", json!("nobody"))]), Reason::SubjectDisabled).await;
    // An ID token of this server is no assertion, whoever signs it.
    let tokens = server.browser().sign_in("alice").authorize("batch").scope("openid").tokens().await;
    refused(&tokens.member("id_token"), Reason::BearerAssertionInvalid).await;
    let missing = server.post("/token").as_client("batch").param("grant_type", GRANT).send().await;
    missing.refused(Reason::ParameterMissing("assertion"));
}

/// RFC 7523 §3: the `jti` is accepted once, also where two requests race.
#[tokio::test]
async fn an_assertion_is_accepted_once() {
    let key = key();
    let server = start(&key).await;
    let assertion = assertion(&server, &key, &[]);
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..8 {
        racing.spawn(redemption(&server, "batch", &assertion).send());
    }
    let replies = racing.join_all().await;
    assert_eq!(replies.iter().filter(|reply| reply.status() == 200).count(), 1);
    redemption(&server, "batch", &assertion).send().await.refused(Reason::BearerAssertionReplayed);
}

/// RFC 7521 §4.1: the client authenticates, and asks for what it registered; never for what administers the server.
#[tokio::test]
async fn the_client_is_confidential_and_asks_for_what_it_registered() {
    let key = key();
    let server = start(&key).await;
    let with =
        |scope: &str| redemption(&server, "batch", &assertion(&server, &key, &[])).param("scope", scope);
    with("notes.read").send().await.ok();
    for scope in ["passavant.admin", "openid", "offline_access", "unknown"] {
        with(scope).send().await.refused(Reason::ScopeNotRegistered);
    }
    with("\"").send().await.refused(Reason::ScopeMalformed);
    let of_public = redemption(&server, "spa", &assertion(&server, &key, &[])).send().await;
    of_public.refused(Reason::BearerAssertionNotAllowed);
}

/// The token is a user's: it ends with the account, and no disabled account gets one.
#[tokio::test]
async fn the_token_ends_with_its_account() {
    let key = key();
    let server = start(&key).await;
    let reply = redemption(&server, "batch", &assertion(&server, &key, &[])).send().await.ok();
    let alice = Of::Subject(subject("alice"));
    server.authorization_server.end(alice, Why::AccountDisabled).await.expect("the store works");
    assert!(!server.is_active(&reply.member("access_token"), "notes").await);
    server.accounts.set_standing("alice", Standing::Disabled);
    let disabled = redemption(&server, "batch", &assertion(&server, &key, &[])).send().await;
    disabled.refused(Reason::SubjectDisabled);
}

/// An issuer's subjects may be in another claim; its keys are fetched when they are needed.
#[tokio::test]
async fn the_subject_is_in_the_claim_that_the_operator_names() {
    let key = key();
    let server = server(&[&format!("{IDP} {KEYS} employee")]).start().await;
    server.fetch.fail(KEYS, FetchError::Unreachable("refused".into()));
    let claims = [("employee", json!(subject("alice").as_str())), ("sub", json!("e-7"))];
    let unavailable = redemption(&server, "batch", &assertion(&server, &key, &claims)).send().await;
    assert_eq!(
        (unavailable.status(), unavailable.reason()),
        (503, Some(Reason::BearerAssertionKeysUnavailable))
    );
    serve_keys(&server, &key);
    server.clock.advance(60);
    redemption(&server, "batch", &assertion(&server, &key, &claims)).send().await.ok();
    let without = redemption(&server, "batch", &assertion(&server, &key, &[])).send().await;
    without.refused(Reason::BearerAssertionInvalid);
}

/// RFC 8414 §2: the grant is announced where it is served, and only there.
#[tokio::test]
async fn the_grant_is_announced_where_issuers_are_trusted() {
    for is_served in [true, false] {
        let server = server(&[]).settings(|settings| {
            settings.jwt_bearer = settings.jwt_bearer.take().filter(|_| is_served);
        });
        let server = server.start().await;
        let metadata = server.get("/.well-known/oauth-authorization-server").send().await.ok().json();
        let grant_types = metadata["grant_types_supported"].as_array().expect("a list");
        assert_eq!(grant_types.contains(&GRANT.into()), is_served);
        let reason = redemption(&server, "batch", "x").send().await.reason();
        let expected = if is_served { Reason::BearerAssertionInvalid } else { Reason::GrantTypeUnsupported };
        assert_eq!(reason, Some(expected));
    }
}
