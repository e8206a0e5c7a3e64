//! Access tokens as known servers issue them, and what else they sign: each preset accepts the former, and only those.
//!
//! The claims are those that the servers document; the signatures are ours.

use passavant_resource::{AudienceRule, Guard, GuardBuilder, Policy, Provider, Reason};
use serde_json::{Value, json};

use crate::support::{AUDIENCE, ISSUER, Log, NOW, World, check, json_answer, refused, sign};

/// What a server issues.
struct Case {
    provider: Provider,
    /// `typ` of its access tokens and its ID tokens.
    typ: [Option<&'static str>; 2],
    access: Value,
    /// Subject, client, scopes and roles as the guard reads them.
    read: [&'static str; 4],
    id_token: Value,
}

fn cases() -> Vec<Case> {
    vec![keycloak(), entra(), entra_v1(), entra_app(), okta(), auth0(), cognito(), duende(), hydra(), dex()]
}

/// As version 26.7 issues them, with a client scope that has an Audience mapper.
fn keycloak() -> Case {
    Case {
        provider: Provider::Keycloak,
        typ: [Some("JWT"), Some("JWT")],
        access: json!({
            "exp": NOW + 300, "iat": NOW, "auth_time": NOW - 9, "jti": "onrtac:b40dcd61-254e-360d-1c98-86203c5b251c",
            "iss": ISSUER, "aud": ["notes-api", AUDIENCE, "account"], "sub": "6dfd41ed", "typ": "Bearer", "azp": "web",
            "sid": "KLkJ7QuZz-i2148Pw9iUKSuW", "acr": "1", "allowed-origins": ["https://web.example"],
            "realm_access": {"roles": ["offline_access", "staff"]},
            "resource_access": {"notes-api": {"roles": ["editor"]}, "account": {"roles": ["manage-account"]}},
            "scope": "openid email notes.read profile", "email_verified": true, "name": "Alice Adams",
            "preferred_username": "alice", "given_name": "Alice", "family_name": "Adams", "email": "alice@example.org"
        }),
        read: ["6dfd41ed", "web", "openid email notes.read profile", "offline_access staff"],
        id_token: json!({
            "exp": NOW + 300, "iat": NOW, "auth_time": NOW - 9, "jti": "7cb3397d", "iss": ISSUER, "aud": AUDIENCE,
            "sub": "6dfd41ed", "typ": "ID", "azp": "web", "sid": "KLkJ7QuZz-i2148Pw9iUKSuW", "acr": "1",
            "email_verified": true, "name": "Alice Adams", "preferred_username": "alice", "email": "alice@example.org"
        }),
    }
}

/// Of a client with a service account.
fn keycloak_machine() -> Value {
    json!({
        "exp": NOW + 300, "iat": NOW, "jti": "trrtcc:4d01a02f-11dc-694d-2a48-583fab1d34e9", "iss": ISSUER,
        "aud": ["notes-api", AUDIENCE, "account"], "sub": "8acafbae", "typ": "Bearer", "azp": "machine", "acr": "1",
        "realm_access": {"roles": ["offline_access"]}, "scope": "email notes.read profile", "email_verified": false,
        "clientHost": "127.0.0.1", "preferred_username": "service-account-machine", "clientAddress": "127.0.0.1",
        "client_id": "machine"
    })
}

fn entra() -> Case {
    Case {
        provider: Provider::Entra,
        typ: [Some("JWT"), Some("JWT")],
        access: json!({
            "aud": AUDIENCE, "iss": ISSUER, "iat": NOW, "nbf": NOW, "exp": NOW + 4_000, "aio": "A", "azp": "6e74172b",
            "azpacr": "1", "name": "Alice", "oid": "690222be", "preferred_username": "a@example.org", "rh": "0.A",
            "roles": ["Notes Admin"], "scp": "notes.read notes.write", "sub": "HKZpfaHy", "tid": "fa15d692", "uti": "u",
            "ver": "2.0"
        }),
        read: ["HKZpfaHy", "6e74172b", "notes.read notes.write", "Notes Admin"],
        id_token: json!({
            "aud": AUDIENCE, "iss": ISSUER, "iat": NOW, "nbf": NOW, "exp": NOW + 4_000, "aio": "A", "name": "Alice",
            "oid": "690222be", "preferred_username": "a@example.org", "rh": "0.A", "roles": ["Notes Admin"], "sub": "HKZpfaHy",
            "tid": "fa15d692", "uti": "u", "ver": "2.0"
        }),
    }
}

fn entra_v1() -> Case {
    let access = json!({
        "aud": AUDIENCE, "iss": ISSUER, "iat": NOW, "nbf": NOW, "exp": NOW + 4_000, "acr": "1", "aio": "A", "amr": ["pwd"],
        "appid": "6e74172b", "appidacr": "0", "ipaddr": "192.0.2.1", "name": "Alice", "oid": "690222be",
        "scp": "notes.read", "sub": "HKZpfaHy", "tid": "fa15d692", "unique_name": "a@example.org", "upn": "a@example.org",
        "uti": "u", "ver": "1.0"
    });
    let read = ["HKZpfaHy", "6e74172b", "notes.read", ""];
    Case { access, read, ..entra() }
}

fn entra_app() -> Case {
    let access = json!({
        "aud": AUDIENCE, "iss": ISSUER, "iat": NOW, "nbf": NOW, "exp": NOW + 4_000, "aio": "E", "azp": "6e74172b",
        "azpacr": "1", "idtyp": "app", "oid": "690222be", "roles": ["Notes.Read.All"], "sub": "690222be", "tid": "fa15d692",
        "ver": "2.0"
    });
    let read = ["690222be", "6e74172b", "", "Notes.Read.All"];
    Case { access, read, ..entra() }
}

fn okta() -> Case {
    Case {
        provider: Provider::Okta,
        typ: [None, None],
        access: json!({
            "ver": 1, "jti": "AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE", "iss": ISSUER, "aud": AUDIENCE,
            "sub": "alice@example.org", "iat": NOW, "exp": NOW + 3_600, "cid": "0oabskvc", "uid": "00ujmkLg",
            "scp": ["openid", "notes.read"], "auth_time": NOW - 9, "groups": ["Everyone"]
        }),
        read: ["alice@example.org", "0oabskvc", "openid notes.read", "Everyone"],
        id_token: json!({
            "sub": "00ujmkLg", "name": "Alice", "ver": 1, "iss": ISSUER, "aud": AUDIENCE, "iat": NOW, "exp": NOW + 3_600,
            "jti": "ID.radCQMOQUmyvcTBmmIL0J6BaS60apUEiC7", "amr": ["pwd"], "idp": "00o", "preferred_username": "alice",
            "auth_time": NOW - 9
        }),
    }
}

fn auth0() -> Case {
    Case {
        provider: Provider::Auth0,
        typ: [Some("JWT"), Some("JWT")],
        access: json!({
            "iss": ISSUER, "sub": "auth0|123456", "aud": [AUDIENCE, format!("{ISSUER}/userinfo")], "azp": "my_client_id",
            "exp": NOW + 600, "iat": NOW, "scope": "openid notes.read", "permissions": ["notes.admin"]
        }),
        read: ["auth0|123456", "my_client_id", "openid notes.read", "notes.admin"],
        id_token: json!({
            "nickname": "alice", "name": "Alice", "updated_at": "2026-11-30T00:00:00.000Z", "email": "a@example.org",
            "iss": ISSUER, "aud": AUDIENCE, "sub": "auth0|123456", "iat": NOW, "exp": NOW + 600, "sid": "s"
        }),
    }
}

fn cognito() -> Case {
    Case {
        provider: Provider::Cognito,
        typ: [None, None],
        access: json!({
            "sub": "aaaaaaaa-bbbb", "device_key": "d", "cognito:groups": ["admin"], "iss": ISSUER, "version": 2,
            "client_id": AUDIENCE, "origin_jti": "o", "event_id": "e", "token_use": "access", "scope": "phone openid notes/read",
            "auth_time": NOW - 9, "exp": NOW + 600, "iat": NOW, "jti": "j", "username": "my-test-user"
        }),
        read: ["aaaaaaaa-bbbb", AUDIENCE, "phone openid notes/read", "admin"],
        id_token: json!({
            "sub": "aaaaaaaa-bbbb", "cognito:groups": ["admin"], "email_verified": true, "iss": ISSUER,
            "cognito:username": "my-test-user", "origin_jti": "o", "aud": AUDIENCE, "event_id": "e", "token_use": "id",
            "auth_time": NOW - 9, "exp": NOW + 600, "iat": NOW, "jti": "k"
        }),
    }
}

fn duende() -> Case {
    Case {
        provider: Provider::Duende,
        typ: [Some("at+jwt"), Some("JWT")],
        access: json!({
            "iss": ISSUER, "nbf": NOW, "iat": NOW, "exp": NOW + 3_600, "aud": AUDIENCE, "scope": ["notes.read", "notes.write"],
            "client_id": "m2m", "jti": "A1"
        }),
        read: ["", "m2m", "notes.read notes.write", ""],
        id_token: json!({
            "iss": ISSUER, "nbf": NOW, "iat": NOW, "exp": NOW + 300, "aud": AUDIENCE, "amr": ["pwd"], "sub": "1",
            "auth_time": NOW, "idp": "local", "sid": "S", "client_id": "m2m", "scope": "openid"
        }),
    }
}

fn hydra() -> Case {
    Case {
        provider: Provider::Hydra,
        typ: [Some("JWT"), Some("JWT")],
        access: json!({
            "aud": [AUDIENCE], "client_id": "my-client", "exp": NOW + 600, "ext": {}, "iat": NOW, "iss": ISSUER, "jti": "j",
            "nbf": NOW, "scp": ["notes.read", "offline"], "sub": "foo@bar.com"
        }),
        read: ["foo@bar.com", "my-client", "notes.read offline", ""],
        id_token: json!({
            "acr": "0", "amr": [], "aud": [AUDIENCE], "auth_time": NOW, "exp": NOW + 600, "iat": NOW, "iss": ISSUER, "jti": "k",
            "rat": NOW, "sid": "s", "sub": "foo@bar.com"
        }),
    }
}

fn dex() -> Case {
    let claims = json!({
        "iss": ISSUER, "sub": "CgcyMzQyNzQ5EgZnaXRodWI", "aud": AUDIENCE, "exp": NOW + 600, "iat": NOW, "nonce": "n",
        "at_hash": "piwt8oCH-K2D9pXlaS1Y-w", "email": "a@example.org", "email_verified": true, "groups": ["eng"]
    });
    let mut id_token = claims.clone();
    id_token["c_hash"] = "kD9pXlaS1Y-wpiwt8oCH-w".into();
    Case {
        provider: Provider::Dex,
        typ: [None, None],
        access: claims,
        read: ["CgcyMzQyNzQ5EgZnaXRodWI", "", "", "eng"],
        id_token,
    }
}

fn guard(world: &World, provider: Provider) -> Guard {
    world.builder().provider(provider).build().expect("a guard")
}

fn signed(world: &World, typ: Option<&str>, claims: &Value) -> String {
    sign(&world.key, typ, Some(world.key.kid()), claims)
}

#[tokio::test]
async fn presets_accept_access_tokens_of_their_servers() {
    let world = World::new();
    for Case { provider, typ, access, read, .. } in cases() {
        let token = signed(&world, typ[0], &access);
        let token = check(&guard(&world, provider), &token).await.expect("accepted");
        let roles = token.roles().collect::<Vec<_>>().join(" ");
        let found =
            [token.subject(), token.client().unwrap_or_default(), token.scopes().as_str(), roles.as_str()];
        assert_eq!(found, read, "{provider:?}");
        assert!(check(&world.guard(), &signed(&world, typ[0], &access)).await.is_err(), "{provider:?}");
    }
}

/// The `sub` of a machine is often an account or a name that the server made for it.
#[tokio::test]
async fn presets_tell_machines_from_users() {
    let world = World::new();
    for Case { provider, typ, access, .. } in [keycloak(), entra(), entra_v1(), okta(), auth0()] {
        let token =
            check(&guard(&world, provider), &signed(&world, typ[0], &access)).await.expect("accepted");
        assert!(token.is_user(), "{provider:?}");
    }
    let common = json!({"iss": ISSUER, "aud": AUDIENCE, "iat": NOW, "exp": NOW + 600});
    for (provider, members) in [
        (Provider::Keycloak, keycloak_machine()),
        (Provider::Entra, entra_app().access),
        (
            Provider::Okta,
            json!({"sub": "0oabskvc", "cid": "0oabskvc", "scp": ["notes.read"], "ver": 1, "jti": "AT.1"}),
        ),
        (
            Provider::Auth0,
            json!({"sub": "my@clients", "azp": "my", "scope": "notes.read", "gty": "client-credentials"}),
        ),
        (Provider::Hydra, json!({"sub": "job", "client_id": "job", "scp": ["notes.read"], "ext": {}})),
    ] {
        let mut claims = common.clone();
        crate::support::merge(&mut claims, members);
        let token =
            check(&guard(&world, provider), &signed(&world, Some("JWT"), &claims)).await.expect("accepted");
        assert!(!token.is_user(), "{provider:?}");
    }
}

/// Who names a claim means this claim: a realm role must not pass for the role of a client that has the same name.
#[tokio::test]
async fn named_claims_replace_those_of_the_preset() {
    let world = World::new();
    let token = signed(&world, Some("JWT"), &keycloak().access);
    let builder = || world.builder().provider(Provider::Keycloak);
    let roles = |guard: Guard| {
        let token = token.clone();
        async move {
            let token = check(&guard, &token).await.expect("accepted");
            token.roles().collect::<Vec<_>>().join(" ")
        }
    };
    let of_client = || builder().roles_from("/resource_access/notes-api/roles");
    assert_eq!(roles(of_client().build().expect("a guard")).await, "editor");
    let both = of_client().roles_from("realm_access.roles").build().expect("a guard");
    assert_eq!(roles(both).await, "editor offline_access staff");

    let entra = world.builder().provider(Provider::Entra).scopes_from("roles").build().expect("a guard");
    let token = check(&entra, &signed(&world, Some("JWT"), &entra_v1_with_role())).await.expect("accepted");
    assert_eq!(token.scopes().as_str(), "Notes.Read.All");
}

fn entra_v1_with_role() -> Value {
    let mut claims = entra_v1().access;
    claims["roles"] = json!(["Notes.Read.All"]);
    claims
}

/// Keycloak repeats the kind of the key beside its thumbprint.
#[tokio::test]
async fn keycloak_tokens_bound_to_a_key_are_read() {
    let world = World::new();
    let mut claims = keycloak_machine();
    let bound = json!({"typ": "DPoP", "cnf": {"jkt": "amFwYZhS5MLXkn8hgiOylc9HfrijHUSCF6GYXkiRz4g", "kc-jkt-type": "DPoP"}});
    crate::support::merge(&mut claims, bound);
    let token = signed(&world, Some("JWT"), &claims);
    // Without a proof, it is refused for what it is bound to, and not for being unknown.
    assert_eq!(refused(&guard(&world, Provider::Keycloak), &token).await, Reason::TokenBound);
    let plain = world.builder().accept_untyped_jwt().build().expect("a guard");
    assert_eq!(refused(&plain, &token).await, Reason::ConfirmationUnknown);
}

#[tokio::test]
async fn presets_refuse_id_tokens_of_their_servers() {
    let world = World::new();
    for Case { provider, typ, id_token, .. } in cases() {
        for extra in [None, Some("nonce"), Some("at_hash"), Some("c_hash")] {
            let mut claims = id_token.clone();
            if let Some(name) = extra {
                claims[name] = "x".into();
            }
            for typ in [typ[1], Some("JWT"), None, Some("id+jwt")] {
                let token = signed(&world, typ, &claims);
                let reason = refused(&guard(&world, provider), &token).await;
                let expected = [Reason::KindWrong, Reason::TypeWrong];
                assert!(expected.contains(&reason), "{provider:?} {extra:?} {typ:?}: {reason:?}");
            }
        }
    }
}

#[tokio::test]
async fn presets_still_check_issuer_audience_times_and_signature() {
    let world = World::new();
    for Case { provider, typ, access, .. } in cases() {
        let guard = guard(&world, provider);
        let changed = |name: &str, value: Value| {
            let mut claims = access.clone();
            claims[name] = value;
            signed(&world, typ[0], &claims)
        };
        for (name, value, reason) in [
            ("aud", json!("https://other.example"), Reason::AudienceWrong),
            ("iss", json!("https://other.example"), Reason::IssuerWrong),
            ("exp", json!(NOW - 61), Reason::TokenExpired),
            ("exp", json!("soon"), Reason::ClaimMalformed),
            ("sub", json!(7), Reason::ClaimMalformed),
        ] {
            assert_eq!(refused(&guard, &changed(name, value)).await, reason, "{provider:?} {name}");
        }
        let other = crate::support::key(jose::SignatureAlgorithm::Es256);
        let forged = sign(&other, typ[0], Some(world.key.kid()), &access);
        assert_eq!(refused(&guard, &forged).await, Reason::SignatureWrong, "{provider:?}");
    }
}

/// Keycloak and others sign these with the same keys.
#[tokio::test]
async fn presets_refuse_other_tokens_that_issuers_sign() {
    let world = World::new();
    let common =
        json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "u-1", "iat": NOW, "exp": NOW + 600, "jti": "j"});
    let with = |members: Value| {
        let mut claims = common.clone();
        crate::support::merge(&mut claims, members);
        claims
    };
    let events = json!({"http://schemas.openid.net/event/backchannel-logout": {}});
    for Case { provider, access, .. } in cases() {
        let guard = guard(&world, provider);
        let mut marked = access.clone();
        marked["events"] = events.clone();
        for (typ, claims) in [
            (Some("JWT"), with(json!({"typ": "Refresh", "azp": "web", "scope": "openid"}))),
            (
                Some("JWT"),
                with(json!({"typ": "Offline", "azp": "web", "scope": "openid", "client_id": "web"})),
            ),
            (Some("JWT"), with(json!({"typ": "Logout", "sid": "s", "events": events}))),
            (Some("logout+jwt"), with(json!({"sid": "s", "events": events}))),
            (Some("JWT"), with(json!({"token_introspection": {"active": true}, "client_id": "web"}))),
            (Some("token-introspection+jwt"), with(json!({"token_introspection": {"active": true}}))),
            (None, with(json!({"name": "Alice", "email": "a@example.org"}))),
            (Some("secevent+jwt"), access.clone()),
            (Some("dpop+jwt"), access.clone()),
            (Some(""), access.clone()),
        ] {
            let token = signed(&world, typ, &claims);
            let reason = refused(&guard, &token).await;
            let expected = [Reason::KindWrong, Reason::TypeWrong, Reason::TokenMalformed];
            assert!(expected.contains(&reason), "{provider:?} {typ:?} {claims}: {reason:?}");
        }
        if provider != Provider::Duende {
            assert_eq!(
                refused(&guard, &signed(&world, None, &marked)).await,
                Reason::KindWrong,
                "{provider:?}"
            );
        }
    }
}

#[tokio::test]
async fn servers_without_a_preset_are_configured_by_named_settings() {
    let world = World::new();
    let claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "u-1", "azp": "web", "exp": NOW + 600, "scp": ["notes.read"],
        "realm": {"groups": ["eng"]}
    });
    let token = signed(&world, Some("JWT"), &claims);
    let builder = || world.builder().accept_untyped_jwt().scopes_from("scp");
    let guard = builder().client_from("azp").roles_from("realm.groups").build().expect("a guard");
    let token = check(&guard, &token).await.expect("accepted");
    assert_eq!((token.client(), token.scopes().as_str()), (Some("web"), "notes.read"));
    assert!(token.require(Policy::any_role(&["ops", "eng"])).is_ok());
    assert_eq!(
        token.require(Policy::any_role(&["ops"])).map_err(|it| it.reason()),
        Err(Reason::ClaimsRefused)
    );
    assert_eq!(token.require(Policy::any_role(&[])).map_err(|it| it.reason()), Err(Reason::ClaimsRefused));

    let of = |setting: fn(GuardBuilder) -> GuardBuilder| setting(builder()).build().expect("a guard");
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        crate::support::merge(&mut claims, json!({ name: value }));
        signed(&world, Some("JWT"), &claims)
    };
    let plain = of(|builder| builder);
    let (late, nobody, nowhere) =
        (with("exp", json!(NOW - 59)), with("sub", json!(null)), with("aud", json!(null)));
    assert_eq!(refused(&plain, &late).await, Reason::TokenExpired);
    let lenient = of(|builder| builder.leeway(std::time::Duration::from_secs(60)));
    assert!(check(&lenient, &late).await.is_ok());
    assert_eq!(refused(&plain, &nobody).await, Reason::ClaimMissing);
    assert!(check(&of(GuardBuilder::accept_missing_subject), &nobody).await.is_ok());
    assert_eq!(refused(&plain, &nowhere).await, Reason::ClaimMissing);
    let anywhere = of(|builder| builder.audience_rule(AudienceRule::ExactOrAbsent));
    assert!(check(&anywhere, &nowhere).await.is_ok());
}

#[tokio::test]
async fn tokens_up_to_the_configured_length_are_accepted() {
    let world = World::new();
    let with = |length: usize| {
        let mut claims = keycloak().access;
        claims["realm_access"]["roles"] = json!(vec!["r".repeat(100); length]);
        signed(&world, Some("JWT"), &claims)
    };
    let (eleven, twenty) = (with(75), with(140));
    assert!((8 * 1024..16 * 1024).contains(&eleven.len()) && twenty.len() > 16 * 1024);
    let keycloak = guard(&world, Provider::Keycloak);
    assert!(check(&keycloak, &eleven).await.is_ok());
    assert_eq!(refused(&keycloak, &twenty).await, Reason::TokenTooLong);
    let plain = world.builder().accept_untyped_jwt().build().expect("a guard");
    assert_eq!(refused(&plain, &eleven).await, Reason::TokenTooLong);
    let roomy = world.builder().provider(Provider::Keycloak).token_bytes_max(32 * 1024).build();
    assert!(check(&roomy.expect("a guard"), &twenty).await.is_ok());
}

/// RFC 7662 §2.2 leaves `aud` to the server. passavant tells it to whoever names the resource.
#[tokio::test]
async fn passavant_is_asked_about_the_audience_and_must_name_it() {
    let world = World::new();
    let answer = |aud: Value| {
        let mut answer = json!({"active": true, "scope": "notes.read", "client_id": "shop", "sub": "shop"});
        crate::support::merge(&mut answer, json!({ "aud": aud }));
        json_answer(&answer)
    };
    let guard = world.introspecting().provider(Provider::Passavant).build().expect("a guard");
    world.server.set("/introspect", answer(json!(AUDIENCE)));
    let token = check(&guard, "named").await.expect("accepted");
    assert_eq!(token.client(), Some("shop"));
    let body = world.server.last().body().clone();
    let sent: Vec<_> = form_urlencoded::parse(&body).into_owned().collect();
    assert_eq!(sent, [("token", "named"), ("resource", AUDIENCE)].map(|(k, v)| (k.to_owned(), v.to_owned())));
    for (token, aud, reason) in [
        ("absent", json!(null), Reason::ClaimMissing),
        ("other", json!("https://music.example"), Reason::AudienceWrong),
    ] {
        world.server.set("/introspect", answer(aud));
        assert_eq!(refused(&guard, token).await, reason, "{token}");
    }
    // A server without the preset is not sent a parameter that it may not know.
    let plain = world.introspecting().build().expect("a guard");
    world.server.set("/introspect", answer(json!(null)));
    assert!(check(&plain, "plain").await.is_ok());
    assert_eq!(world.server.last().body(), "token=plain");
}

/// Hydra's admin port answers everybody about every token, and the token of a client that asked for no API has an empty audience.
#[tokio::test]
async fn presets_refuse_introspection_answers_without_an_audience() {
    let world = World::new();
    let mut count = 0;
    for (name, provider) in Provider::ALL {
        if matches!(provider, Provider::GitLab | Provider::Google) {
            continue;
        }
        let guard = || world.introspecting().provider(provider);
        let strict = guard().build().expect("a guard");
        let rule = AudienceRule::ExactOrAbsent;
        let lenient = guard().audience_rule(rule).build().expect("a guard");
        for aud in [json!(null), json!([])] {
            count += 1;
            let answer = json!({
                "active": true, "scope": "notes.read", "client_id": "machine", "sub": "machine", "iat": NOW, "exp": NOW + 600,
                "iss": ISSUER, "token_type": "Bearer", "token_use": "access_token", "aud": aud
            });
            world.server.set("/introspect", json_answer(&answer));
            let reason = refused(&strict, &format!("strict-{count}")).await;
            let expected =
                if provider == Provider::Cognito { Reason::AudienceWrong } else { Reason::ClaimMissing };
            assert_eq!(reason, expected, "{name} {aud}");
            assert!(check(&lenient, &format!("lenient-{count}")).await.is_ok(), "{name} {aud}");
        }
    }
}

/// GitLab's answer has neither `sub` nor `aud`.
#[tokio::test]
async fn gitlab_tokens_are_introspected() {
    let world = World::new();
    let answer = json!({
        "active": true, "scope": "read_user notes.read", "client_id": "app", "token_type": "Bearer", "iat": NOW, "exp": NOW + 600
    });
    world.server.set("/introspect", json_answer(&answer));
    let guard = world.introspecting().provider(Provider::GitLab).build().expect("a guard");
    let token = check(&guard, "6a5e8b").await.expect("accepted");
    assert_eq!((token.client(), token.scopes().as_str()), (Some("app"), "read_user notes.read"));
    assert!(world.builder().provider(Provider::GitLab).build().is_err(), "it needs credentials");
}

/// The answer of `tokeninfo` has strings where others have numbers. An ID token is no access token there.
#[tokio::test]
async fn google_tokens_are_checked_at_tokeninfo() {
    let world = World::new();
    let client = "123.apps.googleusercontent.com";
    let url = "https://oauth2.googleapis.com/tokeninfo";
    let answer = |changes: Value| {
        let mut answer = json!({
            "azp": client, "aud": client, "sub": "110169484474386276334",
            "scope": "openid https://www.googleapis.com/auth/drive", "exp": (NOW + 3_000).to_string(),
            "expires_in": "3000", "email": "a@example.org", "email_verified": "true", "access_type": "online"
        });
        crate::support::merge(&mut answer, changes);
        json_answer(&answer)
    };
    let guard = Guard::builder("https://accounts.google.com", client).provider(Provider::Google);
    let guard = guard.fetch(world.server.clone()).clock(world.clock.clone()).build().expect("a guard");
    world.server.set_url(url, answer(json!({})));
    let token = check(&guard, "ya29.good").await.expect("accepted");
    assert_eq!((token.subject(), token.client()), ("110169484474386276334", Some(client)));
    assert_eq!(token.scopes().as_str(), "openid https://www.googleapis.com/auth/drive");
    assert_eq!(token.expires().map(|time| time.0), Some(NOW + 3_000));
    assert_eq!(world.server.last().body(), "access_token=ya29.good");
    for (changes, reason) in [
        (json!({"aud": "456.apps.googleusercontent.com"}), Reason::AudienceWrong),
        (json!({"aud": null}), Reason::ClaimMissing),
        (json!({"exp": (NOW - 30).to_string()}), Reason::TokenExpired),
        (json!({"exp": "soon"}), Reason::AnswerMalformed),
        (json!({"exp": null}), Reason::AnswerMalformed),
    ] {
        world.server.set_url(url, answer(changes.clone()));
        assert_eq!(refused(&guard, &format!("ya29.{reason:?}")).await, reason, "{changes}");
    }
    for (status, reason) in [(400, Reason::TokenInactive), (500, Reason::IntrospectionFailed)] {
        world.server.set_url(url, crate::support::status(status));
        let claims = json!({"iss": "https://accounts.google.com", "aud": client, "jti": status});
        assert_eq!(refused(&guard, &signed(&world, Some("JWT"), &claims)).await, reason);
    }
}

/// A guard that can't introspect says so once a minute, whoever sends how many tokens.
#[tokio::test]
async fn opaque_tokens_without_credentials_are_logged_once_a_minute() {
    let log = Log::listen();
    let said = || log.text().matches("no credentials for introspection").count();
    let world = World::new();
    let guard = world.guard();
    for _ in 0..3 {
        assert_eq!(refused(&guard, "opaque").await, Reason::TokenMalformed);
    }
    assert_eq!(said(), 1, "{}", log.text());
    assert!(log.text().contains("WARN") && log.text().contains("PASSAVANT_CLIENT_ID"), "{}", log.text());
    world.clock.advance(60);
    assert_eq!(refused(&guard, "opaque").await, Reason::TokenMalformed);
    assert_eq!(said(), 2);
    let both = Guard::builder("https://other.example", AUDIENCE).fetch(world.server.clone());
    let both = world.builder().and(both).build().expect("a guard");
    assert_eq!(refused(&both, "opaque").await, Reason::TokenMalformed);
    assert_eq!(said(), 3);
}
