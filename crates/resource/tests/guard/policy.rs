//! Requirements of routes, in layer and handler, and the responses to refused requests.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use passavant_resource::{
    AudienceRule, Guard, GuardError, Policy, Reason, RefusalForm, ResourceMetadata, SubjectClaim, Token,
};
use serde_json::{Value, json};
use tower_layer::Layer as _;
use tower_service::Service;

use crate::introspection::active;
use crate::support::{AUDIENCE, NOW, World, check, head, json_answer, refused};

/// Answers 200, or refuses by its own policy.
#[derive(Clone)]
struct Handler(Policy);

impl Service<Request<()>> for Handler {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        let judged = Token::of(request.extensions()).and_then(|token| token.require(&self.0));
        ready(Ok(judged.map_or_else(|denied| denied.response(), |()| Response::new(Full::default()))))
    }
}

/// Status, challenge, type and text of an answer.
type Wire = (u16, Option<String>, Option<String>, String);

async fn call(guard: &Guard, policies: [Policy; 2], method: Method, token: Option<&str>) -> Wire {
    let [route, handler] = policies;
    let mut service = guard.require(route).layer(Handler(handler));
    let mut request = Request::builder().method(method).uri("/notes");
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let response = service.call(request.body(()).expect("a request")).await.expect("infallible");
    let header = |name| response.headers().get(name).map(|value| value.to_str().expect("ASCII").to_owned());
    let (challenge, media_type) = (header(WWW_AUTHENTICATE), header(CONTENT_TYPE));
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    (status, challenge, media_type, String::from_utf8(body.to_vec()).expect("text"))
}

#[tokio::test]
async fn layer_and_token_judge_by_the_method_of_the_request() {
    let world = World::new();
    let guard = world.guard();
    let policy = Policy::by_method(&[(Method::GET, &["a", "b c"]), (Method::POST, &["write"])]);
    for (method, scope, status) in [
        (Method::GET, "a", 200),
        (Method::GET, "c b", 200),
        (Method::GET, "b", 403),
        (Method::POST, "a", 403),
        (Method::POST, "write", 200),
        (Method::DELETE, "a b c write", 403),
        (Method::HEAD, "a", 403),
    ] {
        let token = world.jwt(json!({ "scope": scope }));
        for policies in [[policy.clone(), Policy::default()], [Policy::default(), policy.clone()]] {
            let found = call(&guard, policies, method.clone(), Some(&token)).await;
            assert_eq!(found.0, status, "{method} {scope}");
        }
    }
}

/// A middleware that turns every request into a `DELETE`, as method-override headers do.
#[derive(Clone)]
struct Deleting<S>(S);

impl<S: Service<Request<()>>> Service<Request<()>> for Deleting<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<()>) -> S::Future {
        *request.method_mut() = Method::DELETE;
        self.0.call(request)
    }
}

#[tokio::test]
async fn an_inner_layer_judges_by_the_method_that_arrives_there() {
    let world = World::new();
    let guard = world.guard();
    let inner = guard.require(Policy::read_write("read", "write")).layer(Handler(Policy::default()));
    let mut service = guard.layer().layer(Deleting(inner));
    for (scope, status) in [("read", 403), ("write", 200)] {
        let bearer = format!("Bearer {}", world.jwt(json!({ "scope": scope })));
        let request = Request::get("/notes").header(AUTHORIZATION, bearer).body(()).expect("a request");
        assert_eq!(service.call(request).await.expect("infallible").status(), status, "{scope}");
    }
}

#[tokio::test]
async fn a_policy_is_judged_after_the_token() {
    let world = World::new();
    let shut = [Policy::by_method(&[]), Policy::default()];
    assert_eq!(call(&world.guard(), shut.clone(), Method::GET, None).await.1.as_deref(), Some("Bearer"));
    assert_eq!(call(&world.guard(), shut, Method::GET, Some("bad")).await.0, 401);
}

#[tokio::test]
async fn a_step_up_is_asked_for_with_its_challenge() {
    let world = World::new();
    let guard = world.guard();
    let policy = Policy::all_of("notes.read").acr("phr mfa").max_age(Duration::from_secs(60));
    for (claims, expected) in [
        (json!({"acr": "mfa", "auth_time": NOW - 60}), None),
        (
            json!({"acr": "pwd", "auth_time": NOW - 60}),
            Some(
                "Bearer error=\"insufficient_user_authentication\", error_description=\"A different authentication level is required\", acr_values=\"phr mfa\", max_age=\"60\"",
            ),
        ),
        (
            json!({"acr": "mfa", "auth_time": NOW - 600}),
            Some(
                "Bearer error=\"insufficient_user_authentication\", error_description=\"More recent authentication is required\", acr_values=\"phr mfa\", max_age=\"60\"",
            ),
        ),
    ] {
        let token = world.jwt(claims.clone());
        for policies in [[policy.clone(), Policy::default()], [Policy::default(), policy.clone()]] {
            let found = call(&guard, policies, Method::GET, Some(&token)).await;
            assert_eq!((found.0 == 401, found.1.as_deref()), (expected.is_some(), expected), "{claims}");
        }
    }
    world.clock.advance(100);
    let aged = world.jwt(json!({"acr": "mfa", "auth_time": NOW}));
    assert_eq!(call(&guard, [policy, Policy::default()], Method::GET, Some(&aged)).await.0, 401);
}

#[tokio::test]
async fn what_every_request_needs_is_a_policy_too() {
    let world = World::new();
    let own = Policy::default().check(|claims| match claims.string("tenant") {
        Ok(Some("blue")) => Ok(()),
        Ok(_) | Err(_) => Err(Reason::ClaimsRefused),
    });
    let guard = world.builder().require(own).require("notes.read").build().expect("a guard");
    assert!(check(&guard, &world.jwt(json!({"tenant": "blue"}))).await.is_ok());
    assert_eq!(refused(&guard, &world.jwt(json!({"tenant": "red"}))).await, Reason::ClaimsRefused);
    let poor = world.jwt(json!({"tenant": "blue", "scope": "x"}));
    assert_eq!(refused(&guard, &poor).await, Reason::ScopeInsufficient);
}

/// Form and token, then status, challenge and body.
type Row<'a> = (RefusalForm, Option<&'a str>, u16, Option<&'a str>, &'a str);

#[tokio::test]
async fn refusals_look_as_they_are_set() {
    let world = World::new();
    let json = Some("application/json".to_owned());
    let expired = world.jwt(json!({"exp": NOW - 60}));
    let poor = world.jwt(json!({"scope": "x"}));
    let rest = RefusalForm::DjangoRest { required_scopes: true };
    let nobody = "{\"detail\":\"Authentication credentials were not provided.\"}";
    let rows: [Row<'_>; 7] = [
        (RefusalForm::Bare, None, 403, None, ""),
        (RefusalForm::Bare, Some(&expired), 403, None, ""),
        (RefusalForm::Bare, Some(&poor), 403, None, ""),
        (rest, None, 401, Some("Bearer realm=\"api\""), nobody),
        (
            rest,
            Some(&expired),
            401,
            Some(
                "Bearer realm=\"api\", error=\"invalid_token\", error_description=\"The token has expired\"",
            ),
            nobody,
        ),
        (
            rest,
            Some(&poor),
            403,
            Some(
                "Bearer realm=\"api\", error=\"insufficient_scope\", error_description=\"The token does not have the scope that is needed\", scope=\"read\"",
            ),
            "{\"detail\":\"You do not have permission to perform this action.\",\"required_scopes\":[\"read\"]}",
        ),
        (
            RefusalForm::Standard,
            Some(&poor),
            403,
            Some(
                "Bearer error=\"insufficient_scope\", error_description=\"The token does not have the scope that is needed\", scope=\"read\"",
            ),
            "{\"error\":\"insufficient_scope\",\"error_description\":\"The token does not have the scope that is needed\"}",
        ),
    ];
    for (form, token, status, challenge, body) in rows {
        let guard = world.builder().refusals(form).build().expect("a guard");
        let found = call(&guard, [Policy::from("read"), Policy::default()], Method::GET, token).await;
        let media_type = if body.is_empty() { None } else { json.clone() };
        let expected = (status, challenge.map(str::to_owned), media_type, body.to_owned());
        assert_eq!(found, expected, "{form:?} {token:?}");
    }
}

#[tokio::test]
async fn an_audience_may_be_a_prefix_of_the_requested_url() {
    let world = World::new();
    let guard = world.builder().audience_rule(AudienceRule::UrlPrefix).build().expect("a guard");
    let at = async |aud: Value, path: &str| {
        let mut head = head(&world.jwt(json!({ "aud": aud })));
        head.uri = path.parse().expect("a path");
        guard.check(&head).await.map_err(|denied| denied.reason()).err()
    };
    let notes = json!(["https://other.example", "https://notes.example/notes"]);
    assert_eq!(at(notes.clone(), "/notes/7").await, None);
    assert_eq!(at(notes.clone(), "/admin").await, Some(Reason::AudienceWrong));
    assert_eq!(at(notes, "/notes/%2e%2e/admin").await, Some(Reason::AudienceWrong));
    assert_eq!(at(json!(AUDIENCE), "/admin").await, None);
    assert_eq!(at(Value::Null, "/notes").await, Some(Reason::ClaimMissing));
    let rule = |audience, rule| {
        let builder = Guard::builder("https://id.example", audience).fetch(world.server.clone());
        builder.audience_rule(rule).build().err()
    };
    assert_eq!(rule("urn:notes", AudienceRule::UrlPrefix), Some(GuardError::AudienceRule));
    let empty = AudienceRule::Claim { name: "azp".to_owned(), values: Vec::new() };
    assert_eq!(rule("urn:notes", empty), Some(GuardError::AudienceRule));
}

#[tokio::test]
async fn a_prefix_is_judged_anew_for_each_request_though_the_answer_is_kept() {
    let world = World::new();
    let aud = "https://notes.example/notes";
    world.server.set("/introspect", json_answer(&active(json!({ "aud": aud }))));
    let guard = world.introspecting().audience_rule(AudienceRule::UrlPrefix).build().expect("a guard");
    let mut head = head("opaque");
    assert!(guard.check(&head).await.is_ok());
    head.uri = "/admin".parse().expect("a path");
    assert_eq!(guard.check(&head).await.expect_err("refused").reason(), Reason::AudienceWrong);
    assert_eq!(world.server.calls("/introspect"), 1);
}

#[tokio::test]
async fn another_claim_may_stand_in_for_the_audience() {
    let world = World::new();
    let rule = AudienceRule::Claim { name: "client_id".to_owned(), values: vec!["web".to_owned()] };
    let guard = world.introspecting().audience_rule(rule).build().expect("a guard");
    world.server.set("/introspect", json_answer(&active(json!({"aud": "somebody"}))));
    assert!(check(&guard, "one").await.is_ok());
    world.server.set("/introspect", json_answer(&active(json!({"client_id": "evil"}))));
    assert_eq!(refused(&guard, "two").await, Reason::AudienceWrong);
    world.server.set("/introspect", json_answer(&active(json!({"client_id": null}))));
    assert_eq!(refused(&guard, "three").await, Reason::ClaimMissing);
}

#[tokio::test]
async fn a_rule_of_ones_own_may_judge_the_audience_of_each_request() {
    let world = World::new();
    let builder = world.introspecting().danger_own_audience(|claims, head| {
        let audience = claims.strings("aud").unwrap_or_default();
        audience.is_empty() || audience.contains(&head.uri.path())
    });
    let guard = builder.build().expect("a guard");
    let opaque = |aud: Value| world.server.set("/introspect", json_answer(&active(json!({ "aud": aud }))));
    opaque(json!([]));
    assert!(check(&guard, "unrestricted").await.is_ok());
    opaque(json!(["/notes"]));
    assert!(check(&guard, "notes").await.is_ok());
    let mut admin = head("notes");
    admin.uri = "/admin".parse().expect("a path");
    assert_eq!(guard.check(&admin).await.expect_err("refused").reason(), Reason::AudienceWrong);
    opaque(json!(AUDIENCE));
    assert_eq!(refused(&guard, "ours").await, Reason::AudienceWrong, "in place of the rule, not beside it");
    assert!(check(&guard, &world.jwt(json!({"aud": "/notes"}))).await.is_ok());
    assert_eq!(refused(&guard, &world.jwt(json!({}))).await, Reason::AudienceWrong);
}

/// As `OIDC_RS_AUDIENCE_CLAIM` of django-lasuite: the claim must be present, and names the caller.
#[tokio::test]
async fn a_claim_may_be_demanded_whatever_it_says() {
    let world = World::new();
    let names = |claims: &passavant_resource::Claims| {
        claims.strings("client_id").is_ok_and(|values| values.iter().any(|value| !value.is_empty()))
    };
    let guard = world.introspecting().danger_own_audience(move |claims, _| names(claims));
    let guard = guard.build().expect("a guard");
    for (client, caller) in [(json!("web"), Some("web")), (json!("any"), Some("any")), (Value::Null, None)] {
        world.server.set("/introspect", json_answer(&active(json!({"client_id": client, "aud": "other"}))));
        world.clock.advance(20);
        let found = check(&guard, "opaque").await.map_err(|denied| denied.reason());
        let found = found.as_ref().map(Token::client).map_err(|reason| *reason);
        assert_eq!(found, caller.map(Some).ok_or(Reason::AudienceWrong), "{client}");
    }
}

#[tokio::test]
async fn the_user_is_told_by_the_claim_that_is_set() {
    let world = World::new();
    let by_name = world.introspecting().subject(SubjectClaim::Username).build().expect("a guard");
    let by_sub = world.introspecting().build().expect("a guard");
    for (answer, name, sub) in [
        (active(json!({})), "alice", "1"),
        (active(json!({"sub": null})), "alice", ""),
        (active(json!({"username": null})), "", "1"),
    ] {
        world.server.set("/introspect", json_answer(&answer));
        world.clock.advance(20);
        assert_eq!(check(&by_name, "opaque").await.expect("accepted").subject(), name, "{answer}");
        assert_eq!(check(&by_sub, "opaque").await.expect("accepted").subject(), sub, "{answer}");
    }
}

#[tokio::test]
async fn the_metadata_says_what_the_host_says_and_what_the_guard_knows() {
    let world = World::new();
    let described = ResourceMetadata {
        resource: "https://evil.example".to_owned(),
        authorization_servers: vec!["https://evil.example".to_owned()],
        scopes_supported: vec!["extra".to_owned()],
        resource_name: Some("Notes".to_owned()),
        resource_documentation: Some("https://notes.example/docs".to_owned()),
        resource_policy_uri: Some("https://notes.example/policy".to_owned()),
        tls_client_certificate_bound_access_tokens: true,
        ..ResourceMetadata::default()
    };
    let partner = Guard::builder("https://partner.example", "urn:x").scopes_supported("notes.read p");
    let builder = world.builder().describe(described).required_scopes("notes.read").and(partner);
    let mut service = builder.build().expect("a guard").metadata_service();
    let request = Request::get("/.well-known/oauth-protected-resource").body(()).expect("a request");
    let document = service.call(request).await.expect("infallible").into_body();
    let document = document.collect().await.expect("a body").to_bytes();
    let document: Value = serde_json::from_slice(&document).expect("JSON");
    assert_eq!(
        document,
        json!({
            "resource": AUDIENCE,
            "authorization_servers": ["https://id.example", "https://partner.example"],
            "scopes_supported": ["extra", "notes.read", "p"],
            "bearer_methods_supported": ["header"],
            "resource_name": "Notes",
            "resource_documentation": "https://notes.example/docs",
            "resource_policy_uri": "https://notes.example/policy",
            "tls_client_certificate_bound_access_tokens": true
        })
    );
}
