//! Client assertions (RFC 7523 §2.2, §3; OpenID Connect Core 1.0 §9): `private_key_jwt` and `client_secret_jwt`.

use futures_util::{FutureExt as _, future::join_all};
use jose::{SignatureAlgorithm, SigningKey};
use passavant_server::{Reason, ports::FetchError};
use serde_json::{Value, json};
use testkit::server::{Assertion, Call, Running, ScriptedFetch, TestServer, confidential, resource};

const KEYS: &str = "https://shop.example/jwks";

fn key() -> SigningKey {
    SigningKey::generate(SignatureAlgorithm::Es256).expect("fails without entropy only")
}

/// A server with one client, `shop`, which registered this key by value.
async fn start(key: &SigningKey) -> Running {
    TestServer::new().client(confidential("shop").key(key)).client(confidential("other")).start().await
}

/// A server with one client, `shop`, whose key set is at [`KEYS`].
async fn start_remote(key: &SigningKey) -> Running {
    let server = TestServer::new().client(confidential("shop").key_at(KEYS, key)).start().await;
    server.serve_keys(KEYS, &[key]);
    server
}

fn ask(server: &Running, assertion: &Assertion) -> Call {
    server.post("/token").param("grant_type", "client_credentials").asserting(&assertion.sign())
}

/// RFC 7523 §2.2
#[tokio::test]
async fn a_client_authenticates_by_its_registered_key() {
    for algorithm in [SignatureAlgorithm::Es256, SignatureAlgorithm::Es384, SignatureAlgorithm::EdDsa] {
        let key = SigningKey::generate(algorithm).expect("fails without entropy only");
        let server = start(&key).await;
        ask(&server, &server.assertion("shop")).send().await.ok();
    }
}

/// RFC 7523 §3: `client_id` may accompany the assertion if it names the same client.
#[tokio::test]
async fn the_id_beside_the_assertion_must_be_its_subject() {
    let server = start(&key()).await;
    ask(&server, &server.assertion("shop")).param("client_id", "shop").send().await.ok();
    let other = ask(&server, &server.assertion("shop")).param("client_id", "other");
    other.send_unwritten().await.refused(Reason::ClientIdMismatch);
}

/// RFC 7523 §3: the issuer identifies the authorization server, and so does the URL of its token endpoint.
#[tokio::test]
async fn the_audience_is_the_issuer_or_the_token_endpoint() {
    let server = start(&key()).await;
    for audience in [
        json!("https://as.example"),
        json!("https://as.example/token"),
        json!(["https://as.example"]),
        json!(["https://as.example", "https://as.example/token"]),
        json!(["https://as.example/token", "https://as.example"]),
    ] {
        ask(&server, &server.assertion("shop").claim("aud", audience)).send().await.ok();
    }
}

/// RFC 7523 §3
#[tokio::test]
async fn an_assertion_of_wrong_claims_is_refused() {
    let server = start(&key()).await;
    let cases: [(&str, Value); 11] = [
        ("aud", json!("https://other.example")),
        ("aud", json!("https://as.example/")),
        ("aud", json!(["https://as.example", "https://other.example"])),
        ("aud", json!([])),
        ("aud", Value::Null),
        ("iss", json!("other")),
        ("iss", Value::Null),
        ("jti", json!("")),
        ("jti", json!("j".repeat(256))),
        ("exp", Value::Null),
        ("exp", json!("2030-01-01")),
    ];
    for (name, value) in cases {
        let assertion = server.assertion("shop").claim(name, value.clone());
        let reply = ask(&server, &assertion).send_unwritten().await;
        assert_eq!(reply.reason(), Some(Reason::AssertionClaimWrong), "{name} {value}");
        reply.refused(Reason::AssertionClaimWrong);
    }
}

/// RFC 10070, of a client or resource that registered `require_strict_assertions`: typed, for the issuer only, for one
/// request, and for five minutes.
#[tokio::test]
async fn a_strict_client_sends_strict_assertions() {
    let key = key();
    let client = confidential("shop").key(&key).with(|client| client.require_strict_assertions = Some(true));
    let server = TestServer::new().client(client).start().await;
    let typed = || server.assertion("shop").typ("client-authentication+jwt");
    ask(&server, &typed()).send().await.ok();
    ask(&server, &server.assertion("shop").typ("application/client-authentication+jwt")).send().await.ok();
    ask(&server, &server.assertion("shop")).send_unwritten().await.refused(Reason::AssertionMalformed);
    ask(&server, &server.assertion("shop").typ("JWT"))
        .send_unwritten()
        .await
        .refused(Reason::AssertionMalformed);
    let now = server.now();
    for (name, value, reason) in [
        ("aud", json!("https://as.example/token"), Reason::AssertionClaimWrong),
        ("aud", json!(["https://as.example", "https://as.example/token"]), Reason::AssertionClaimWrong),
        ("jti", Value::Null, Reason::AssertionClaimWrong),
        ("exp", json!(now + 331), Reason::AssertionExpired),
        ("iat", json!(now - 331), Reason::AssertionExpired),
    ] {
        let assertion = typed().claim(name, value.clone());
        let reply = ask(&server, &assertion).send().await;
        assert_eq!(reply.reason(), Some(reason), "{name} {value}");
        server.put_client(confidential("shop").key(&key)).await;
        ask(&server, &assertion).send().await.ok();
        let strict = confidential("shop").key(&key);
        server.put_client(strict.with(|client| client.require_strict_assertions = Some(true))).await;
    }
}

/// RFC 7523 §3 makes `jti` optional. Two assertions of one second are then the same text.
#[tokio::test]
async fn an_assertion_without_a_jti_may_be_sent_again() {
    let server = start(&key()).await;
    let assertion = server.assertion("shop").claim("jti", Value::Null);
    ask(&server, &assertion).send().await.ok();
    ask(&server, &assertion).send().await.ok();
    server.clock.advance(91);
    ask(&server, &assertion).send_unwritten().await.refused(Reason::AssertionExpired);
}

/// RFC 7523 §3: the subject determines whose key must have signed the assertion.
#[tokio::test]
async fn an_assertion_about_another_client_is_not_that_client() {
    let server = start(&key()).await;
    let about_other = server.assertion("shop").claim("iss", "other").claim("sub", "other");
    ask(&server, &about_other).send_unwritten().await.refused(Reason::ClientMethodNotRegistered);
    let about_nobody = server.assertion("shop").claim("iss", "x").claim("sub", "x");
    ask(&server, &about_nobody).send_unwritten().await.refused(Reason::ClientUnknown);
    let about_none = server.assertion("shop").claim("sub", Value::Null);
    ask(&server, &about_none).send_unwritten().await.refused(Reason::AssertionClaimWrong);
}

/// RFC 7523 §3: expired, not yet valid, or with a lifetime of more than an hour, before or after now.
#[tokio::test]
async fn an_assertion_is_good_for_an_hour_at_most() {
    const YEAR: i64 = 365 * 24 * 3600;
    let server = start(&key()).await;
    let now = server.now();
    for (name, time) in [
        ("exp", now - 30),
        ("exp", now + 3631),
        ("exp", now + YEAR),
        ("nbf", now + 31),
        ("iat", now + 31),
        ("iat", now - 3631),
        ("iat", now - YEAR),
    ] {
        let assertion = server.assertion("shop").claim(name, time);
        ask(&server, &assertion).send().await.refused(Reason::AssertionExpired);
    }
    for (name, time) in
        [("exp", now - 29), ("exp", now + 3630), ("nbf", now + 30), ("iat", now + 30), ("iat", now - 3630)]
    {
        ask(&server, &server.assertion("shop").claim(name, time)).send().await.ok();
    }
}

/// RFC 7523 §3: "The authorization server MAY ensure that JWTs are not replayed by maintaining the set of used "jti"
/// values". Here it does.
#[tokio::test]
async fn an_assertion_is_good_for_one_request() {
    let server = start(&key()).await;
    let assertion = server.assertion("shop");
    ask(&server, &assertion).send().await.ok();
    ask(&server, &assertion).send_unwritten().await.refused(Reason::AssertionReplayed);
    let elsewhere = server.post("/introspect").asserting(&assertion.sign()).param("token", "x");
    elsewhere.send_unwritten().await.refused(Reason::AssertionReplayed);
}

/// The same claims signed twice are one assertion, identified by `jti`.
#[tokio::test]
async fn a_jti_is_good_once_whatever_stands_beside_it() {
    let server = start(&key()).await;
    ask(&server, &server.assertion("shop").claim("jti", "one")).send().await.ok();
    server.clock.advance(1);
    let again = server.assertion("shop").claim("jti", "one");
    ask(&server, &again).send_unwritten().await.refused(Reason::AssertionReplayed);
}

/// A `jti` belongs to its client.
#[tokio::test]
async fn two_clients_may_use_one_jti() {
    let (one, two) = (key(), key());
    let clients =
        TestServer::new().client(confidential("one").key(&one)).client(confidential("two").key(&two));
    let server = clients.start().await;
    for client in ["one", "two"] {
        ask(&server, &server.assertion(client).claim("jti", "same")).send().await.ok();
    }
}

/// The `jti` is stored with every commit, including that of a refusal.
#[tokio::test]
async fn an_assertion_is_used_up_by_a_refusal_too() {
    let server = start(&key()).await;
    type Shape = fn(Call) -> Call;
    let refusals: [(&str, Shape, Reason); 6] = [
        ("/token", |call| call, Reason::ParameterMissing("grant_type")),
        ("/token", |call| call.param("grant_type", "password"), Reason::GrantTypeUnsupported),
        (
            "/token",
            |call| call.param("grant_type", "refresh_token"),
            Reason::ParameterMissing("refresh_token"),
        ),
        (
            "/token",
            |call| call.param("grant_type", "client_credentials").param("scope", "x"),
            Reason::ScopeNotRegistered,
        ),
        ("/introspect", |call| call, Reason::ParameterMissing("token")),
        ("/revoke", |call| call, Reason::ParameterMissing("token")),
    ];
    for (path, shape, reason) in refusals {
        let assertion = server.assertion("shop");
        shape(server.post(path).asserting(&assertion.sign())).send().await.refused(reason);
        let reply = ask(&server, &assertion).send_unwritten().await;
        assert_eq!(reply.reason(), Some(Reason::AssertionReplayed), "after {reason:?} at {path}");
    }
}

/// As above, for a refusal because of the form of the response.
#[tokio::test]
async fn an_assertion_is_used_up_by_the_refusal_of_a_plain_answer_too() {
    let key = key();
    let encrypted = resource("https://notes.example", "notes.read").shares("shop").with(|settings| {
        settings.introspection_encrypted_response_alg = Some("RSA-OAEP".to_owned());
    });
    let server = TestServer::new().client(confidential("shop").key(&key)).resource(encrypted).start().await;
    let assertion = server.assertion("shop");
    let call = server.post("/introspect").asserting(&assertion.sign()).param("token", "x");
    call.send().await.refused(Reason::IntrospectionPlainRefused);
    ask(&server, &assertion).send_unwritten().await.refused(Reason::AssertionReplayed);
}

/// RFC 7523 §3: "a digital signature or Message Authentication Code (MAC) applied by the issuer".
#[tokio::test]
async fn an_assertion_of_another_key_is_refused() {
    let server = start(&key()).await;
    let stranger = key();
    let own_kid = server.assertion("shop").key(&stranger);
    ask(&server, &own_kid).send_unwritten().await.refused(Reason::AssertionSignatureWrong);
    let no_kid = own_kid.clone().kid(None);
    ask(&server, &no_kid).send_unwritten().await.refused(Reason::AssertionSignatureWrong);
}

/// RFC 7515 §4.1.4: without `kid`, the only suitable key is tried.
#[tokio::test]
async fn an_assertion_need_not_name_its_key() {
    let server = start(&key()).await;
    ask(&server, &server.assertion("shop").kid(None)).send().await.ok();
}

/// RFC 8725 §3.11
#[tokio::test]
async fn a_token_of_another_type_is_no_assertion() {
    let server = start(&key()).await;
    for good in ["JWT", "client-authentication+jwt"] {
        ask(&server, &server.assertion("shop").typ(good)).send().await.ok();
    }
    for bad in ["at+jwt", "logout+jwt"] {
        let assertion = server.assertion("shop").typ(bad);
        ask(&server, &assertion).send_unwritten().await.refused(Reason::AssertionMalformed);
    }
}

/// RFC 7521 §4.2, RFC 8725 §3.1
#[tokio::test]
async fn what_is_no_assertion_is_refused() {
    let server = start(&key()).await;
    let none = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJzaG9wIiwic3ViIjoic2hvcCJ9.";
    for text in ["x", "a.b.c", "e30.e30.", none, &"A".repeat(9_000)] {
        let call = server.post("/token").asserting(text);
        call.send_unwritten().await.refused(Reason::AssertionMalformed);
    }
    let wrong_type = ask(&server, &server.assertion("shop"));
    let wrong_type = wrong_type.without("client_assertion_type");
    wrong_type.clone().send_unwritten().await.refused(Reason::AssertionMalformed);
    let saml = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer";
    let saml = wrong_type.param("client_assertion_type", saml);
    saml.send_unwritten().await.refused(Reason::AssertionMalformed);
}

/// `token_endpoint_auth_signing_alg` (OpenID Connect Dynamic Client Registration 1.0 §2)
#[tokio::test]
async fn a_registered_algorithm_is_the_only_one() {
    let key = key();
    let only = |alg: &str| {
        let alg = alg.to_owned();
        confidential("shop").key(&key).with(|client| client.token_endpoint_auth_signing_alg = Some(alg))
    };
    let server = TestServer::new().client(only("ES256")).start().await;
    ask(&server, &server.assertion("shop")).send().await.ok();
    server.put_client(only("PS256")).await;
    let assertion = server.assertion("shop");
    ask(&server, &assertion).send_unwritten().await.refused(Reason::AssertionMalformed);
}

/// OpenID Connect Core 1.0 §9: `client_secret_jwt`
#[tokio::test]
async fn a_client_authenticates_by_a_mac_of_its_secret() {
    let client =
        confidential("shop").method("client_secret_jwt").secret("a-secret-of-forty-characters-or-even-more");
    let server = TestServer::new().client(client).start().await;
    ask(&server, &server.assertion("shop")).send().await.ok();
    let wrong = SigningKey::hmac(SignatureAlgorithm::Hs256, b"another-secret-of-forty-characters-or-so");
    let wrong = server.assertion("shop").key(&wrong.expect("long enough"));
    ask(&server, &wrong).send_unwritten().await.refused(Reason::AssertionSignatureWrong);
    let signed = server.assertion("shop").key(&key());
    ask(&server, &signed).send_unwritten().await.refused(Reason::ClientMethodNotRegistered);
}

/// RFC 8725 §2.1: a public key must not pass for the secret of a MAC.
#[tokio::test]
async fn a_public_key_is_no_secret() {
    let key = key();
    let server = start(&key).await;
    let public = key.public_jwk().expect("it is no shared secret").to_value().to_string();
    let mac = SigningKey::hmac(SignatureAlgorithm::Hs256, public.as_bytes()).expect("long enough");
    let forged = server.assertion("shop").key(&mac);
    ask(&server, &forged).send_unwritten().await.refused(Reason::ClientMethodNotRegistered);
    let named = forged.kid(Some(key.kid()));
    ask(&server, &named).send_unwritten().await.refused(Reason::ClientMethodNotRegistered);
}

/// A client that registered a key can't authenticate with a secret.
#[tokio::test]
async fn a_secret_beside_private_key_jwt_is_refused() {
    let server = start(&key()).await;
    let call = server.post("/token").basic("shop", "shop-has-a-secret-of-this-length");
    call.send_unwritten().await.refused(Reason::ClientMethodNotRegistered);
    server.post("/token").param("client_id", "shop").send().await.refused(Reason::ClientSecretMissing);
}

/// A client rotates its keys at its own `jwks_uri` (OpenID Connect Core 1.0 §10.1.1).
#[tokio::test]
async fn a_rotated_key_is_fetched_once_its_name_is_seen() {
    let (old, new) = (key(), key());
    let server = start_remote(&old).await;
    ask(&server, &server.assertion("shop")).send().await.ok();
    ask(&server, &server.assertion("shop")).send().await.ok();
    assert_eq!(server.fetch.asked(KEYS), 1, "a key set is kept");
    server.serve_keys(KEYS, &[&new]);
    server.clock.advance(30);
    ask(&server, &server.assertion("shop").key(&new)).send().await.ok();
    assert_eq!(server.fetch.asked(KEYS), 2);
    let old_one = server.assertion("shop").key(&old);
    ask(&server, &old_one).send_unwritten().await.refused(Reason::AssertionSignatureWrong);
}

/// Anybody can send assertions that name keys of no one: they neither flood the client's server, nor delay for long that a
/// new key of the client is noticed.
#[tokio::test]
async fn made_up_keys_cost_few_fetches_and_no_rotation() {
    let (own, next) = (key(), key());
    let server = start_remote(&own).await;
    ask(&server, &server.assertion("shop")).send().await.ok();
    let began = server.now();
    let attack = async || {
        for _ in 0..8 {
            let made_up = server.assertion("shop").key(&key());
            let refused = ask(&server, &made_up).send_unwritten().await;
            assert_eq!(refused.status(), 401);
        }
    };
    for _ in 0..6 {
        attack().await;
        server.clock.advance(5);
    }
    let (asked, in_turn) =
        (server.fetch.asked(KEYS), usize::try_from((server.now() - began) / 5).expect("later"));
    assert!(asked <= 1 + 3 + in_turn, "{asked}, {in_turn}");
    server.serve_keys(KEYS, &[&own, &next]);
    attack().await;
    server.clock.advance(5);
    ask(&server, &server.assertion("shop").key(&next)).send().await.ok();
}

/// RFC 7517 §5: each key of a client stands for itself.
#[tokio::test]
async fn a_bad_neighbor_spoils_no_key_of_a_client() {
    let (own, other) = (key(), SigningKey::generate(SignatureAlgorithm::Es384).expect("a key"));
    let server = start_remote(&own).await;
    let public = |key: &SigningKey| key.public_jwk().expect("it is no shared secret").to_value();
    let mut named_alike = public(&other);
    named_alike["kid"] = own.kid().into();
    let mut encrypting = public(&own);
    encrypting["use"] = "enc".into();
    encrypting.as_object_mut().expect("an object").remove("alg");
    let oct = json!({ "kty": "oct", "kid": "s", "k": "b25lLW9jdGV0LWtleS1vZi0zMi1ieXRlcy0tLS0tLQ" });
    let weak = json!({ "kty": "RSA", "kid": own.kid(), "n": "AQAB", "e": "AQAB" });
    for neighbor in [named_alike, encrypting, oct, weak, json!(null), json!({ "kty": null })] {
        server.fetch.serve(KEYS, &json!({ "keys": [neighbor, public(&own)] }));
        server.clock.advance(301);
        ask(&server, &server.assertion("shop")).send().await.ok();
    }
}

/// If its key set is unavailable, only that client is refused; the failure is cached for at most 30 s.
#[tokio::test]
async fn without_its_key_set_a_client_is_refused_for_the_moment() {
    let server = start_remote(&key()).await;
    let failures: [fn(&ScriptedFetch); 3] = [
        |fetch| fetch.fail(KEYS, FetchError::Timeout),
        |fetch| fetch.refuse(KEYS, 500),
        |fetch| fetch.fail(KEYS, FetchError::TooLarge),
    ];
    for fail in failures {
        fail(&server.fetch);
        let assertion = server.assertion("shop");
        ask(&server, &assertion).send_unwritten().await.refused(Reason::AssertionKeysUnavailable);
        server.clock.advance(30);
    }
    server.fetch.serve(KEYS, &json!({ "keys": "none" }));
    let assertion = server.assertion("shop");
    ask(&server, &assertion).send_unwritten().await.refused(Reason::AssertionKeysUnavailable);
}

/// The last valid set is used while its server is unavailable.
#[tokio::test]
async fn the_last_good_key_set_outlives_an_outage() {
    let server = start_remote(&key()).await;
    ask(&server, &server.assertion("shop")).send().await.ok();
    server.fetch.fail(KEYS, FetchError::Unreachable("gone".to_owned()));
    server.clock.advance(301);
    ask(&server, &server.assertion("shop")).send().await.ok();
    assert_eq!(server.fetch.asked(KEYS), 2);
}

/// Concurrent requests share one fetch, and none is refused because another was first.
#[tokio::test]
async fn many_at_once_share_one_fetch() {
    let server = start_remote(&key()).await;
    let calls = (0..8).map(|_| ask(&server, &server.assertion("shop")).send());
    for reply in join_all(calls).await {
        reply.ok();
    }
    assert_eq!(server.fetch.asked(KEYS), 1);
}

/// A request that is dropped while it waits for a key set does not block others: its fetch is continued by the next one,
/// or given up after two seconds.
#[tokio::test]
async fn a_dropped_request_does_not_hold_up_the_next() {
    let own = key();
    let server = start_remote(&own).await;
    server.fetch.hang(KEYS);
    let dropped = Box::pin(ask(&server, &server.assertion("shop")).send());
    assert!(polled_often(dropped).is_none(), "it waits for the key set");
    server.serve_keys(KEYS, &[&own]);
    server.clock.advance(2);
    ask(&server, &server.assertion("shop")).send().await.ok();
}

/// Polls so often that only what hangs is still not ready; then drops it.
fn polled_often<F: Future + Unpin>(mut future: F) -> Option<F::Output> {
    (0..100).find_map(|_| (&mut future).now_or_never())
}
