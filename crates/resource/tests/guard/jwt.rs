//! JWT access tokens, verified locally (RFC 9068 §4).

use http::Request;
use http::header::AUTHORIZATION;
use jose::{SignatureAlgorithm, base64url, jws};
use passavant_resource::{FetchError, GuardError, Mode, Reason};
use serde_json::json;

use crate::support::{ISSUER, NOW, Script, World, check, claims, json_answer, key, refused, sign, status};

#[tokio::test]
async fn a_good_token_is_accepted() {
    let world = World::new();
    let token = check(&world.guard(), &world.jwt(json!({}))).await.expect("accepted");
    assert_eq!((token.subject(), token.client()), ("u-1", Some("shop")));
    assert_eq!(token.scopes().as_str(), "notes.read");
    assert_eq!(token.expires().map(|time| time.0), Some(NOW + 600));
    assert_eq!(token.claims().string("jti"), Ok(Some("j-1")));
}

#[tokio::test]
async fn each_asymmetric_algorithm_and_form_of_typ_is_accepted() {
    let world = World::new();
    let guard = world.guard();
    for algorithm in [SignatureAlgorithm::Rs256, SignatureAlgorithm::Ps384, SignatureAlgorithm::EdDsa] {
        let key = key(algorithm);
        world.server.publish(&[&key]);
        world.clock.advance(31);
        for typ in ["at+jwt", "application/at+jwt", "AT+JWT"] {
            let token = sign(&key, Some(typ), Some(key.kid()), &claims(json!({"exp": NOW + 6000})));
            assert!(check(&guard, &token).await.is_ok(), "{algorithm} {typ}");
        }
    }
}

/// RFC 9864 §2.2, as newer libraries write it.
#[tokio::test]
async fn a_token_may_name_its_algorithm_ed25519() {
    let world = World::new();
    let key = key(SignatureAlgorithm::EdDsa);
    world.server.publish(&[&key]);
    let header = json!({"alg": "Ed25519", "typ": "at+jwt", "kid": key.kid()}).to_string();
    let payload = claims(json!({})).to_string();
    let input = format!("{}.{}", base64url::encode(header.as_bytes()), base64url::encode(payload.as_bytes()));
    let signature = key.sign(input.as_bytes()).expect("a signature");
    let token = jws::attach(input, &signature);
    assert!(check(&world.guard(), &token).await.is_ok());
    let others = world.builder().algorithms(&[SignatureAlgorithm::Es256]).build().expect("a guard");
    assert_eq!(refused(&others, &token).await, Reason::AlgorithmNotAllowed);
}

#[tokio::test]
async fn one_wrong_claim_refuses_the_token() {
    let world = World::new();
    let guard = world.guard();
    for (changes, reason) in [
        (json!({"iss": "https://evil.example"}), Reason::IssuerWrong),
        (json!({"iss": format!("{ISSUER}/")}), Reason::IssuerWrong),
        (json!({"iss": null}), Reason::ClaimMissing),
        (json!({"aud": "https://other.example"}), Reason::AudienceWrong),
        (json!({"aud": ["https://other.example", "https://notes.example//"]}), Reason::AudienceWrong),
        (json!({"aud": null}), Reason::ClaimMissing),
        (json!({"exp": NOW - 30}), Reason::TokenExpired),
        (json!({"exp": (NOW + 600).to_string()}), Reason::ClaimMalformed),
        (json!({"exp": null}), Reason::ClaimMissing),
        (json!({"nbf": NOW + 31}), Reason::TokenNotYetValid),
        (json!({"iat": NOW + 31}), Reason::ClockSkewed),
        (json!({"sub": null}), Reason::ClaimMissing),
        (json!({"sub": 1}), Reason::ClaimMalformed),
        (json!({"scope": ["notes.read"]}), Reason::ClaimMalformed),
        (json!({"cnf": {"jkt": "x"}}), Reason::ConfirmationUnknown),
        (json!({"cnf": {"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}}), Reason::TokenBound),
    ] {
        assert_eq!(refused(&guard, &world.jwt(changes.clone())).await, reason, "{changes}");
    }
}

#[tokio::test]
async fn nothing_is_fetched_for_a_token_of_another_issuer() {
    let world = World::new();
    let token = world.jwt(json!({"iss": "https://evil.example"}));
    assert_eq!(refused(&world.guard(), &token).await, Reason::IssuerWrong);
    assert_eq!(world.server.calls("/jwks"), 0);
}

#[tokio::test]
async fn a_token_of_another_type_is_refused() {
    let world = World::new();
    let guard = world.guard();
    for typ in [None, Some("JWT"), Some("id+jwt"), Some("token-introspection+jwt"), Some("at+jwt2"), Some("")]
    {
        let token = sign(&world.key, typ, Some(world.key.kid()), &claims(json!({})));
        let reason = refused(&guard, &token).await;
        assert!(matches!(reason, Reason::TypeWrong | Reason::TokenMalformed), "{typ:?}: {reason:?}");
    }
}

#[tokio::test]
async fn an_algorithm_that_is_not_allowed_is_refused() {
    let world = World::new();
    let shared = jose::SigningKey::hmac(SignatureAlgorithm::Hs256, &[7; 32]).expect("a key");
    let token = sign(&shared, Some("at+jwt"), Some(world.key.kid()), &claims(json!({})));
    assert_eq!(refused(&world.guard(), &token).await, Reason::AlgorithmNotAllowed);
    let picky = world.builder().algorithms(&[SignatureAlgorithm::EdDsa]).build().expect("a guard");
    assert_eq!(refused(&picky, &world.jwt(json!({}))).await, Reason::AlgorithmNotAllowed);
    assert_eq!(world.server.calls("/jwks"), 0, "nothing was fetched for it");
}

#[tokio::test]
async fn an_unsigned_token_is_refused() {
    let world = World::new();
    for algorithm in ["none", "None", "XX256"] {
        let header = json!({"alg": algorithm, "typ": "at+jwt", "kid": world.key.kid()}).to_string();
        let body = base64url::encode(claims(json!({})).to_string().as_bytes());
        let header = base64url::encode(header.as_bytes());
        for signature in ["", "AAAA"] {
            let reason = refused(&world.guard(), &format!("{header}.{body}.{signature}")).await;
            let expected = [Reason::AlgorithmNotAllowed, Reason::TokenMalformed];
            assert!(expected.contains(&reason), "{algorithm} {signature:?}: {reason:?}");
        }
    }
}

#[tokio::test]
async fn a_signature_by_another_key_is_refused() {
    let world = World::new();
    let other = key(SignatureAlgorithm::Es256);
    let forged = sign(&other, Some("at+jwt"), Some(world.key.kid()), &claims(json!({})));
    assert_eq!(refused(&world.guard(), &forged).await, Reason::SignatureWrong);
    let good = world.jwt(json!({}));
    let (signed, _) = good.rsplit_once('.').expect("three parts");
    let (_, signature) = forged.rsplit_once('.').expect("three parts");
    assert_eq!(refused(&world.guard(), &format!("{signed}.{signature}")).await, Reason::SignatureWrong);
}

#[tokio::test]
async fn an_opaque_token_is_refused_where_nothing_introspects() {
    let world = World::new();
    for token in ["opaque", "a.b", "a.b.c", "a.b.c.d.e", &"x".repeat(8 * 1024)] {
        assert_eq!(refused(&world.guard(), token).await, Reason::TokenMalformed);
    }
}

#[tokio::test]
async fn no_token_and_a_bad_header_have_their_own_answers() {
    let world = World::new();
    let guard = world.guard();
    for (header, status, challenge) in [
        (None, 401, "Bearer"),
        (Some("Basic YTpi"), 401, "Bearer"),
        (
            Some("Bearer"),
            400,
            "Bearer error=\"invalid_request\", error_description=\"The Authorization header holds no access token\"",
        ),
    ] {
        let mut request = Request::get("/notes");
        if let Some(header) = header {
            request = request.header(AUTHORIZATION, header);
        }
        let denied = guard.check(&request.body(()).expect("a request").into_parts().0).await;
        let denied = denied.expect_err("refused");
        assert_eq!(denied.status(), status, "{header:?}");
        assert_eq!(denied.challenge().expect("a challenge"), challenge, "{header:?}");
    }
}

#[tokio::test]
async fn required_scopes_are_needed_all_of_them() {
    let world = World::new();
    let guard = world.builder().required_scopes("notes.read notes.write").build().expect("a guard");
    assert_eq!(refused(&guard, &world.jwt(json!({}))).await, Reason::ScopeInsufficient);
    assert_eq!(refused(&guard, &world.jwt(json!({"scope": null}))).await, Reason::ScopeInsufficient);
    let denied = check(&guard, &world.jwt(json!({}))).await.expect_err("refused");
    let challenge = denied.challenge().and_then(|text| text.to_str().ok()).expect("a challenge");
    assert!(challenge.ends_with(", scope=\"notes.read notes.write\""), "{challenge}");
    let enough = world.jwt(json!({"scope": "notes.write x notes.read"}));
    let token = check(&guard, &enough).await.expect("accepted");
    assert!(token.require("x").is_ok());
    assert_eq!(token.require("y").expect_err("refused").status(), 403);
}

#[tokio::test]
async fn a_jwt_guard_never_falls_back_to_introspection() {
    let world = World::new();
    world.server.set("/introspect", json_answer(&json!({"active": true})));
    let other = key(SignatureAlgorithm::Es256);
    let forged = sign(&other, Some("at+jwt"), Some(world.key.kid()), &claims(json!({})));
    for mode in [Mode::Jwt, Mode::Auto] {
        let guard = world.introspecting().mode(mode).build().expect("a guard");
        assert_eq!(refused(&guard, &forged).await, Reason::SignatureWrong, "{mode:?}");
    }
    let strict = world.introspecting().mode(Mode::Jwt).build().expect("a guard");
    assert_eq!(refused(&strict, "opaque").await, Reason::TokenMalformed);
    assert_eq!(world.server.calls("/introspect"), 0);
}

#[tokio::test]
async fn discovery_takes_only_the_document_of_the_issuer() {
    let world = World::new();
    let rfc8414 = "/.well-known/oauth-authorization-server";
    let openid = "/.well-known/openid-configuration";
    let document =
        |issuer: &str| json_answer(&json!({"issuer": issuer, "jwks_uri": format!("{ISSUER}/jwks")}));
    for (first, second, accepted) in [
        (document(ISSUER), status(404), true),
        (status(404), document(ISSUER), true),
        (document("https://id.example/"), document(ISSUER), true),
        (document("https://id.example/"), document("https://evil.example"), false),
        (status(302), status(500), false),
        (Script::Fail(FetchError::Timeout), status(404), false),
    ] {
        world.server.set(rfc8414, first);
        world.server.set(openid, second);
        let guard = world.guard();
        match accepted {
            true => assert!(check(&guard, &world.jwt(json!({}))).await.is_ok()),
            false => assert_eq!(refused(&guard, &world.jwt(json!({}))).await, Reason::DiscoveryFailed),
        }
    }
    world.server.set(rfc8414, json_answer(&json!({"issuer": ISSUER})));
    assert_eq!(refused(&world.guard(), &world.jwt(json!({}))).await, Reason::EndpointMissing);
}

#[tokio::test]
async fn an_issuer_that_keeps_silent_is_waited_for_once() {
    let world = World::new();
    for silence in [FetchError::Timeout, FetchError::Unreachable("refused".to_owned())] {
        world.server.set("/.well-known/oauth-authorization-server", Script::Fail(silence));
        assert_eq!(refused(&world.guard(), &world.jwt(json!({}))).await, Reason::DiscoveryFailed);
        assert_eq!(world.server.calls("/.well-known/openid-configuration"), 0);
    }
}

#[tokio::test]
async fn a_guard_checks_its_arguments_when_it_is_built_and_fetches_nothing() {
    let world = World::new();
    let built = |issuer: &str, audience: &str| {
        passavant_resource::Guard::builder(issuer, audience).fetch(world.server.clone()).build()
    };
    assert!(matches!(built("http://id.example", "x"), Err(GuardError::Issuer(_))));
    assert!(matches!(built("id.example", "x"), Err(GuardError::Issuer(_))));
    assert!(matches!(built(ISSUER, ""), Err(GuardError::Audience)));
    assert!(matches!(built(ISSUER, "a b"), Err(GuardError::Audience)));
    assert!(built("http://127.0.0.1:4000", "urn:notes").is_ok());
    let symmetric = world.builder().algorithms(&[SignatureAlgorithm::Hs256]).build();
    assert!(matches!(symmetric, Err(GuardError::Algorithms)));
    let blind = world.builder().mode(Mode::Introspection).build();
    assert!(matches!(blind, Err(GuardError::CredentialsMissing)));
    assert_eq!(world.server.calls("/jwks"), 0);
}
