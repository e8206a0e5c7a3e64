//! What a host learns of a refused request for its log: the client, the user, and what differed. Never a secret.

use std::{
    fmt::Debug,
    sync::{Arc, LazyLock, Mutex},
};

use http::{HeaderValue, Method, Request, header};
use jose::{SignatureAlgorithm, SigningKey};
use passavant_server::{Answer, Difference, Reason, RequestContext, Severity};
use testkit::server::{Call, Running, TestServer, confidential, public, resource, subject};
use tower_service::Service as _;
use tracing::{
    Dispatch, Event, Level, Metadata, Subscriber,
    field::Field,
    span::{Attributes, Id, Record},
};

/// What is known of a request: client, user, slug, what, sent, expected.
type Known = (Option<String>, Option<String>, &'static str, String, String, String);

async fn start() -> Running {
    let key = SigningKey::generate(SignatureAlgorithm::Es256).expect("fails without entropy only");
    TestServer::new()
        .client(confidential("shop").scope("openid notes.read"))
        .client(confidential("poster").method("client_secret_post"))
        .client(confidential("signer").key(&key))
        .client(public("spa").scope("openid"))
        .resource(resource("https://notes.example", "notes.read").caller("notes-rs"))
        .resource(resource("https://music.example", "music.play").caller("music-rs"))
        .account("alice")
        .start()
        .await
}

async fn answered(server: &Running, mut request: Request<String>) -> (Answer, RequestContext) {
    let notes = RequestContext::default().logged_by_host();
    request.extensions_mut().insert(notes.clone());
    let Ok(answer) = server.authorization_server.service().call(request).await;
    (answer, notes)
}

async fn known(server: &Running, call: Call) -> Known {
    known_of(server, call.request()).await
}

async fn known_of(server: &Running, request: Request<String>) -> Known {
    let (answer, notes) = answered(server, request).await;
    let refusal = notes.refusal(answer.extensions()).expect("refused");
    let Difference { what, sent, expected, .. } = refusal.difference.unwrap_or_else(|| {
        panic!("nothing is known of what differed for {}", refusal.slug);
    });
    let client = notes.client().map(|client| client.to_string());
    let user = notes.subject().map(|subject| subject.to_string());
    (client, user, refusal.slug, what.into(), sent.into(), expected.into())
}

fn of(client: &str, slug: &'static str, [what, sent, expected]: [&str; 3]) -> Known {
    (Some(client.to_owned()), None, slug, what.to_owned(), sent.to_owned(), expected.to_owned())
}

#[tokio::test]
async fn what_differs_in_a_token_request_is_known() {
    let server = start().await;
    let shop = || server.client_credentials("shop");
    for (call, expected) in [
        (
            server.post("/token").as_client("shop").param("grant_type", "password"),
            of(
                "shop",
                "grant_type_unsupported",
                ["grant_type", "password", "authorization_code client_credentials refresh_token"],
            ),
        ),
        (
            shop().param("scope", "notes.read admin"),
            of("shop", "scope_not_registered", ["scope", "admin", "openid notes.read"]),
        ),
        (
            shop().param("resource", "http://notes.example"),
            of(
                "shop",
                "audience_not_registered",
                ["resource", "http://notes.example", ">>https<<://notes.example"],
            ),
        ),
        (
            shop().param("resource", "https://music.example"),
            of(
                "shop",
                "resource_not_allowed",
                [
                    "resource",
                    "https://music.example",
                    "a resource that was approved, and lists one of the client's scopes: openid notes.read",
                ],
            ),
        ),
        (
            server.post("/token").param("grant_type", "client_credentials").param("client_id", "spa"),
            of(
                "spa",
                "client_credentials_not_allowed",
                ["token_endpoint_auth_method", "none", "that of a client with a credential"],
            ),
        ),
        (
            server.post("/token").as_client("notes-rs").param("grant_type", "refresh_token"),
            of(
                "notes-rs",
                "grant_type_not_registered",
                ["grant_type", "refresh_token", "client_credentials"],
            ),
        ),
    ] {
        assert_eq!(known(&server, call).await, expected);
    }
}

#[tokio::test]
async fn what_differs_in_client_authentication_is_known_without_the_credential() {
    let server = start().await;
    let token = || server.post("/token").param("grant_type", "client_credentials");
    let assertion = || server.assertion("signer");
    let method = "token_endpoint_auth_method";
    for (call, expected) in [
        (
            token().basic("poster", "x"),
            of(
                "poster",
                "client_method_not_registered",
                [method, "client_secret_basic", "client_secret_post"],
            ),
        ),
        (
            token().param("client_id", "poster"),
            of("poster", "client_secret_missing", [method, "none", "client_secret_post"]),
        ),
        (
            token().basic("shop", "wrong"),
            of(
                "shop",
                "client_secret_wrong",
                ["client_secret", "another secret", "the secret of the client"],
            ),
        ),
        (
            token().basic("nobody", "x"),
            of(
                "nobody",
                "client_unknown",
                ["client_id", "nobody", "the id of a registered client or resource"],
            ),
        ),
        (
            token().basic("shop", "x").param("client_id", "shop").param("client_secret", "x"),
            of(
                "shop",
                "client_method_repeated",
                [method, "client_secret_basic client_secret_post", "one of them"],
            ),
        ),
        (
            token().basic("shop", "x").param("client_id", "spa"),
            of("spa", "client_id_mismatch", ["client_id", "spa", "the id of the client that authenticates"]),
        ),
        (
            token().asserting(&assertion().claim("aud", "https://other.example").sign()),
            of("signer", "assertion_claim_wrong", ["aud", "https://other.example", "https://as.example"]),
        ),
        (
            token().asserting(&assertion().claim("iss", "shop").sign()),
            of("signer", "assertion_claim_wrong", ["iss", "shop", "signer"]),
        ),
        (
            token().asserting(
                &assertion().claim("exp", server.now() - 60).claim("iat", server.now() - 90).sign(),
            ),
            of(
                "signer",
                "assertion_expired",
                [
                    "client_assertion",
                    "exp -60 s from now iat -90 s from now nbf absent",
                    "exp ahead by at most 3600 s, iat and nbf in the past, iat by at most 3600 s",
                ],
            ),
        ),
    ] {
        assert_eq!(known(&server, call).await, expected);
    }
}

#[tokio::test]
async fn secret_with_white_space_around_it_is_recognized() {
    let server = start().await;
    let server = &server;
    server.put_client(confidential("padded").secret("a-secret-of-22-characters")).await;
    let call = server.post("/token").basic("padded", "a-secret-of-22-characters\n");
    let expected = ["client_secret", "the secret with white space around it", "the secret of the client"];
    assert_eq!(known(server, call).await, of("padded", "client_secret_wrong", expected));
}

#[tokio::test]
async fn what_differs_when_a_code_or_refresh_token_is_redeemed_is_known_with_its_user() {
    let server = start().await;
    let browser = server.browser().sign_in("alice");
    let alice = Some(subject("alice").to_string());
    let code = browser.authorize("shop").scope("openid notes.read").code().await;
    let redeem = || server.redemption(&code);
    let slash = format!("{}/", code.redirect_uri);
    let (_, user, slug, what, sent, expected) =
        known(&server, redeem().without("redirect_uri").param("redirect_uri", &slash)).await;
    assert_eq!(
        (user, slug, &*what, &*sent),
        (alice.clone(), "code_redirect_mismatch", "redirect_uri", &*slash)
    );
    assert_eq!(expected, format!("{}>><<", code.redirect_uri));
    let wrong = "w".repeat(43);
    let call = redeem().without("code_verifier").param("code_verifier", &wrong);
    let (_, _, slug, _, sent, _) = known(&server, call).await;
    assert_eq!((slug, &*sent), ("pkce_mismatch", "a verifier of 43 characters"));
    server.clock.advance(61);
    let (_, _, slug, _, sent, _) = known(&server, redeem()).await;
    assert_eq!((slug, &*sent), ("code_expired", "a code that expired 1 s ago"));
}

#[tokio::test]
async fn what_differs_in_an_authorization_request_is_known() {
    let server = start().await;
    let request = |changes: &[(&str, &str)]| {
        let mut params = vec![
            ("response_type", "code"),
            ("client_id", "shop"),
            ("redirect_uri", "https://shop.example/cb"),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
        ];
        params.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        params.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
        server.request(Method::GET, "/authorize").params(&params)
    };
    let long = "s".repeat(9_000);
    for (changes, slug, difference) in [
        (
            ("response_type", "token"),
            "response_type_unsupported",
            [
                "response_type",
                "token",
                "code; those with tokens need authorization.danger_front_channel_tokens",
            ],
        ),
        (("response_type", ""), "response_type_missing", ["response_type", "nothing", "code"]),
        (
            ("response_mode", "x"),
            "response_mode_unsupported",
            [
                "response_mode",
                "x",
                "query fragment form_post web_message jwt query.jwt fragment.jwt form_post.jwt",
            ],
        ),
        (
            ("code_challenge_method", ""),
            "pkce_method_unsupported",
            ["code_challenge_method", "nothing, which means plain", "S256"],
        ),
        (
            ("prompt", "none login"),
            "prompt_invalid",
            ["prompt", "none login", "none, or some of login consent select_account"],
        ),
        (
            ("max_age", "soon"),
            "max_age_invalid",
            ["max_age", "soon", "a number of seconds, at most 10 digits"],
        ),
        (("scope", "openid emial"), "scope_not_registered", ["scope", "emial", "openid notes.read"]),
        (("state", &*long), "parameter_too_long", ["state", "9000 bytes", "at most 8192 bytes"]),
        (
            ("redirect_uri", "https://shop.example/CB"),
            "redirect_uri_mismatch",
            ["redirect_uri", "https://shop.example/CB", "https://shop.example/>>cb<<"],
        ),
        (
            ("client_id", "shopp"),
            "authorize_client_unknown",
            ["client_id", "shopp", "the id of a registered client that is not disabled"],
        ),
    ] {
        let client = if changes.0 == "client_id" { changes.1 } else { "shop" };
        assert_eq!(known(&server, request(&[changes])).await, of(client, slug, difference));
    }
    let mut elsewhere = request(&[]).request();
    elsewhere.headers_mut().insert(header::HOST, HeaderValue::from_static("127.0.0.1:4000"));
    let (_, _, slug, what, sent, expected) = known_of(&server, elsewhere).await;
    assert_eq!((slug, &*what, &*sent, &*expected), ("host_mismatch", "Host", "127.0.0.1:4000", "as.example"));
}

/// The caller reads only that the token is not active; the operator learns for whom it is.
#[tokio::test]
async fn why_an_active_token_is_not_shown_to_its_caller_is_known() {
    let server = start().await;
    let token = server.client_credentials("shop").send().await.ok().member("access_token");
    let ask = |caller: &str, token: &str| server.post("/introspect").as_client(caller).param("token", token);
    let (answer, notes) = answered(&server, ask("music-rs", &token).request()).await;
    assert_eq!(answer.status(), 200);
    let refusal = notes.refusal(answer.extensions()).expect("it is not for this caller");
    let difference = refusal.difference.expect("known");
    assert_eq!((refusal.slug, refusal.severity), ("caller_not_allowed", Severity::Plain));
    assert_eq!(&*difference.sent, "https://notes.example of client shop");
    assert_eq!(&*difference.expected, "https://music.example");
    let (answer, notes) = answered(&server, ask("music-rs", "unknown").request()).await;
    assert_eq!((notes.inactive(), notes.refusal(answer.extensions())), (Some("token_unknown"), None));
    let (_, notes) = answered(&server, ask("notes-rs", &token).request()).await;
    assert_eq!(
        (notes.inactive(), notes.client().map(|id| id.to_string())),
        (None, Some("notes-rs".to_owned()))
    );
}

/// Nothing is said by an answer unless the setting says so; and nothing of a secret even then.
#[tokio::test]
async fn answer_says_what_differed_only_where_it_is_set() {
    for explains in [false, true] {
        let server = TestServer::new()
            .client(confidential("shop").scope("openid"))
            .settings(|settings| settings.explain_refusals = explains)
            .start()
            .await;
        let refused = server.client_credentials("shop").param("scope", "admin").send().await;
        let description = refused.member("error_description");
        let more = ". scope: sent admin, expected openid";
        let plain = Reason::ScopeNotRegistered.description();
        let expected = if explains { format!("{plain}{more}") } else { plain.to_owned() };
        assert_eq!(description, expected);
        let wrong = server.post("/token").basic("shop", "wrong").send().await;
        assert_eq!(wrong.member("error_description"), Reason::ClientSecretWrong.description());
    }
}

/// The lines of the server's own log.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::INFO
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = event.metadata().level().to_string();
        event.record(&mut |field: &Field, value: &dyn Debug| line.push_str(&format!(" {field}={value:?}")));
        self.0.lock().expect("lines").push(line);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Where there is only one subscriber, `tracing` asks that of the thread which reaches a line first whether anybody wants
/// it, and other tests have none.
static ANOTHER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(Lines::default()));

/// The server logs refusals only where the host does not: nothing is said twice.
#[tokio::test]
async fn refusal_is_logged_by_the_server_if_its_host_does_not() {
    let server = start().await;
    LazyLock::force(&ANOTHER);
    let lines = Lines::default();
    let _listening = tracing::subscriber::set_default(lines.clone());
    let scope = || server.client_credentials("shop").param("scope", "admin").request();
    answered(&server, scope()).await;
    assert_eq!(*lines.0.lock().expect("lines"), Vec::<String>::new());
    let mut request = scope();
    request.extensions_mut().insert(RequestContext::new("r-1", [192, 0, 2, 1].into()));
    server.call(request).await.refused(Reason::ScopeNotRegistered);
    server.post("/token").basic("shop", "made-up").send().await.refused(Reason::ClientSecretWrong);
    let lines = lines.0.lock().expect("lines").clone();
    assert_eq!(
        lines,
        [
            "INFO message=refused request_id=\"r-1\" client=shop reason=\"scope_not_registered\" what=\"scope\" \
             sent=\"admin\" expected=\"openid notes.read\"",
            "WARN message=refused client=shop reason=\"client_secret_wrong\" what=\"client_secret\" \
             sent=\"another secret\" expected=\"the secret of the client\"",
        ]
    );
}
