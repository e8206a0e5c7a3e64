//! Several issuers in one guard: a token is judged by its own issuer, and sent to no other.

use jose::{SignatureAlgorithm, SigningKey};
use passavant_resource::{Guard, GuardBuilder, GuardError, Mode, Reason};
use serde_json::{Value, json};

use crate::introspection::active;
use crate::support::{
    AUDIENCE, ISSUER, World, check, claims, json_answer, key, merge, refused, sign, status,
};

/// The other issuer.
const PARTNER: &str = "https://partner.example";
const PARTNER_KEYS: &str = "https://partner.example/partner-jwks";
const PARTNER_ASKED: &str = "https://partner.example/partner-introspect";

/// Both issuers behind one port, each with its own key.
struct Two {
    world: World,
    partner: SigningKey,
}

impl Two {
    fn new() -> Self {
        let (world, partner) = (World::new(), key(SignatureAlgorithm::Es256));
        let public = partner.public_jwk().expect("a public key").to_value();
        world.server.set_url(PARTNER_KEYS, json_answer(&json!({ "keys": [public] })));
        let metadata = json!({
            "issuer": PARTNER, "jwks_uri": PARTNER_KEYS, "introspection_endpoint": PARTNER_ASKED
        });
        let place = format!("{PARTNER}/.well-known/oauth-authorization-server");
        world.server.set_url(&place, json_answer(&metadata));
        let answer = active(json!({"iss": PARTNER, "sub": "asked"}));
        world.server.set_url(PARTNER_ASKED, json_answer(&answer));
        Self { world, partner }
    }

    /// The first only verifies JWTs; the partner introspects other tokens.
    fn guard(&self) -> Guard {
        self.world.builder().and(self.asking()).build().expect("a guard")
    }

    fn asking(&self) -> GuardBuilder {
        Guard::builder(PARTNER, AUDIENCE).introspect("notes-rs", "a-secret-of-22-characters")
    }

    /// A token that names the partner.
    fn partner_jwt(&self, changes: Value) -> String {
        let mut claims = claims(json!({"iss": PARTNER, "sub": "p-1"}));
        merge(&mut claims, changes);
        sign(&self.partner, Some("at+jwt"), Some(self.partner.kid()), &claims)
    }

    fn asked(&self) -> usize {
        self.world.server.calls("/introspect") + self.world.server.calls("/partner-introspect")
    }
}

#[tokio::test]
async fn a_jwt_is_judged_by_the_issuer_that_it_names() {
    let two = Two::new();
    let guard = two.guard();
    let own = check(&guard, &two.world.jwt(json!({}))).await.expect("accepted");
    assert_eq!((own.issuer().as_str(), own.subject()), (ISSUER, "u-1"));
    let other = check(&guard, &two.partner_jwt(json!({}))).await.expect("accepted");
    assert_eq!((other.issuer().as_str(), other.subject()), (PARTNER, "p-1"));
    assert_eq!(two.asked(), 0);
    assert_eq!(guard.issuers().map(|issuer| issuer.as_str()).collect::<Vec<_>>(), [ISSUER, PARTNER]);
}

#[tokio::test]
async fn one_issuer_can_not_speak_for_another() {
    let two = Two::new();
    let guard = two.guard();
    let (own, partner) = (&two.world.key, &two.partner);
    let token = |key: &SigningKey, kid: &str, issuer: &str| {
        sign(key, Some("at+jwt"), Some(kid), &claims(json!({ "iss": issuer })))
    };
    for (name, token, reason) in [
        ("first's name, partner's key and kid", token(partner, partner.kid(), ISSUER), Reason::KeyUnknown),
        ("first's name and kid, partner's key", token(partner, own.kid(), ISSUER), Reason::SignatureWrong),
        ("partner's name, first's key and kid", token(own, own.kid(), PARTNER), Reason::KeyUnknown),
        ("partner's name and kid, first's key", token(own, partner.kid(), PARTNER), Reason::SignatureWrong),
    ] {
        assert_eq!(refused(&guard, &token).await, reason, "{name}");
    }
    assert_eq!(two.asked(), 0, "a bad signature is not introspected");
}

#[tokio::test]
async fn the_same_kid_at_two_issuers_is_two_keys() {
    let two = Two::new();
    let mut twin = two.partner.public_jwk().expect("a public key").to_value();
    twin["kid"] = two.world.key.kid().into();
    two.world.server.set_url(PARTNER_KEYS, json_answer(&json!({ "keys": [twin] })));
    let guard = two.guard();
    let kid = Some(two.world.key.kid());
    let good = sign(&two.partner, Some("at+jwt"), kid, &claims(json!({"iss": PARTNER})));
    assert!(check(&guard, &good).await.is_ok());
    let confused = sign(&two.partner, Some("at+jwt"), kid, &claims(json!({})));
    assert_eq!(refused(&guard, &confused).await, Reason::SignatureWrong);
}

#[tokio::test]
async fn a_token_of_nobody_that_is_trusted_is_shown_to_nobody() {
    let two = Two::new();
    let guard = two.guard();
    for (iss, reason) in [
        (json!("https://evil.example"), Reason::IssuerWrong),
        (json!(format!("{ISSUER}/")), Reason::IssuerWrong),
        (json!("HTTPS://ID.EXAMPLE"), Reason::IssuerWrong),
        (json!(""), Reason::IssuerWrong),
        (json!([ISSUER]), Reason::ClaimMalformed),
        (json!(7), Reason::ClaimMalformed),
    ] {
        let mut claims = claims(json!({}));
        claims["iss"] = iss.clone();
        let token = sign(&two.partner, Some("at+jwt"), Some(two.partner.kid()), &claims);
        assert_eq!(refused(&guard, &token).await, reason, "{iss}");
    }
    assert_eq!(two.asked() + two.world.server.calls("/jwks") + two.world.server.calls("/partner-jwks"), 0);
}

#[tokio::test]
async fn what_names_no_issuer_goes_to_the_one_that_introspects() {
    let two = Two::new();
    let guard = two.guard();
    let nameless = two.world.jwt(json!({"iss": null}));
    for token in ["opaque", "with.two.dots", &nameless] {
        let token = check(&guard, token).await.expect("accepted");
        assert_eq!((token.issuer().as_str(), token.subject()), (PARTNER, "asked"));
    }
    assert_eq!(two.world.server.calls("/partner-introspect"), 3);
    assert_eq!(two.world.server.calls("/introspect"), 0);
    two.world.server.set_url(PARTNER_ASKED, json_answer(&active(json!({"iss": ISSUER}))));
    assert_eq!(refused(&guard, "other").await, Reason::IssuerWrong, "an answer speaks for its issuer alone");
}

#[tokio::test]
async fn an_opaque_token_is_refused_where_no_issuer_introspects() {
    let two = Two::new();
    let guard = two.world.builder().and(Guard::builder(PARTNER, AUDIENCE)).build().expect("a guard");
    assert_eq!(refused(&guard, "opaque").await, Reason::TokenMalformed);
    let strict = two.world.introspecting().mode(Mode::Jwt).and(Guard::builder(PARTNER, AUDIENCE));
    let strict = strict.build().expect("a guard");
    assert_eq!(refused(&strict, "opaque").await, Reason::TokenMalformed);
    assert_eq!(two.asked(), 0);
}

#[tokio::test]
async fn each_issuer_has_its_own_mode() {
    let two = Two::new();
    let always = two.asking().mode(Mode::Introspection);
    let guard = two.world.builder().and(always).build().expect("a guard");
    assert_eq!(check(&guard, &two.partner_jwt(json!({}))).await.expect("accepted").subject(), "asked");
    assert_eq!(two.world.server.calls("/partner-introspect"), 1);
    assert_eq!(check(&guard, &two.world.jwt(json!({}))).await.expect("accepted").subject(), "u-1");
    assert_eq!(two.asked(), 1);
}

#[tokio::test]
async fn each_issuer_has_its_own_audience_and_demands() {
    let two = Two::new();
    let partner = Guard::builder(PARTNER, "urn:notes").required_scopes("partner");
    let guard = two.world.builder().and(partner).build().expect("a guard");
    assert!(check(&guard, &two.world.jwt(json!({}))).await.is_ok());
    assert_eq!(refused(&guard, &two.world.jwt(json!({"aud": "urn:notes"}))).await, Reason::AudienceWrong);
    assert_eq!(refused(&guard, &two.partner_jwt(json!({}))).await, Reason::AudienceWrong);
    let poor = two.partner_jwt(json!({"aud": "urn:notes"}));
    assert_eq!(refused(&guard, &poor).await, Reason::ScopeInsufficient);
    let good = two.partner_jwt(json!({"aud": "urn:notes", "scope": "partner"}));
    assert!(check(&guard, &good).await.is_ok());
}

#[tokio::test]
async fn one_issuer_that_is_down_takes_nothing_from_the_other() {
    let two = Two::new();
    two.world.server.set("/jwks", status(500));
    let guard = two.guard();
    assert_eq!(refused(&guard, &two.world.jwt(json!({}))).await, Reason::KeysUnavailable);
    assert!(check(&guard, &two.partner_jwt(json!({}))).await.is_ok());
    assert!(check(&guard, "opaque").await.is_ok());
    let forged = sign(&two.partner, Some("at+jwt"), Some(two.partner.kid()), &claims(json!({})));
    assert_eq!(refused(&guard, &forged).await, Reason::KeysUnavailable, "and nobody steps in for it");
}

#[test]
fn a_guard_that_could_not_tell_issuers_apart_is_not_built() {
    let two = Two::new();
    let own = || two.world.builder();
    let other = || Guard::builder(PARTNER, AUDIENCE);
    let error = |builder: GuardBuilder| builder.build().expect_err("refused");
    assert_eq!(error(two.world.introspecting().and(two.asking())), GuardError::OpaqueTwice);
    assert_eq!(error(own().and(Guard::builder(ISSUER, "x"))), GuardError::IssuerTwice(ISSUER.to_owned()));
    assert_eq!(error(own().and(other()).and(other())), GuardError::IssuerTwice(PARTNER.to_owned()));
    assert_eq!(error(own().and(other().and(other()))), GuardError::IssuerTwice(PARTNER.to_owned()));
    assert_eq!(error(own().and(other().realm("x"))), GuardError::NotFirst("realm"));
    assert_eq!(error(own().and(other().clock(two.world.clock.clone()))), GuardError::NotFirst("clock"));
    assert_eq!(error(own().and(Guard::builder(PARTNER, ""))), GuardError::Audience);
    assert!(matches!(error(own().and(Guard::builder("partner", "x"))), GuardError::Issuer(_)));
    let blind = error(own().and(other().mode(Mode::Introspection)));
    assert_eq!(blind, GuardError::CredentialsMissing);
    let many =
        (0..32).fold(own(), |all, number| all.and(Guard::builder(&format!("{PARTNER}/{number}"), "x")));
    assert_eq!(error(many), GuardError::IssuersTooMany);
}
