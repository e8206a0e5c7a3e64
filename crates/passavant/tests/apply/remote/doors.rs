//! One rule, whoever is asked: a wrong value is told by the same text, with its JSON pointer, by the file that is
//! applied, by the commands and by the admin API.

use protocol::{scope::ScopeError, uri::UriError};
use serde_json::{Map, Value, json};

use super::Remote;
use crate::{installation::Outcome, world::SECRET};

const JWKS_URI: &str = "must be https (or http to loopback, where the issuer is http)";
const SECRET_LONG: &str = "must have at most 512 bytes, and no control characters such as a newline";

/// A client or a resource.
#[derive(Clone, Copy, Debug)]
enum Noun {
    Client,
    Resource,
}

/// A wrong value, where it is told, and by what text.
struct Wrong {
    noun: Noun,
    member: &'static str,
    value: Value,
    pointer: &'static str,
    text: String,
}

fn wrong_clients() -> Vec<Wrong> {
    let row = |member, value, pointer, text: &str| Wrong {
        noun: Noun::Client,
        member,
        value,
        pointer,
        text: text.to_owned(),
    };
    let uri = |error: UriError| error.to_string();
    vec![
        row("redirect_uris", json!("x"), "/redirect_uris", "must be an array of strings"),
        row(
            "redirect_uris",
            json!(["http://shop.example/cb"]),
            "/redirect_uris/0",
            &uri(UriError::PlainHttp),
        ),
        row(
            "redirect_uris",
            json!(["https://a.example/", "https://a.example/#x"]),
            "/redirect_uris/1",
            &uri(UriError::Fragment),
        ),
        row("redirect_uris", json!(["javascript:alert(1)"]), "/redirect_uris/0", &uri(UriError::Scheme)),
        row("redirect_uris", json!([7]), "/redirect_uris/0", "must be a string"),
        row(
            "post_logout_redirect_uris",
            json!(["shop"]),
            "/post_logout_redirect_uris/0",
            &uri(UriError::NotAbsolute),
        ),
        row(
            "redirect_uri",
            json!("https://a.example/"),
            "/redirect_uri",
            "unknown member; did you mean `redirect_uris`?",
        ),
        row("colour/~", json!("red"), "/colour~1~0", "unknown member"),
        row("logo_uri", json!("javascript:alert(1)"), "/logo_uri", "must be an https or http address"),
        row("policy_uri", json!("shop.example/policy"), "/policy_uri", &uri(UriError::NotAbsolute)),
        row("client_name", json!(7), "/client_name", "must be a string"),
        row("client_name", json!("x".repeat(5_000)), "/client_name", "must have at most 4096 bytes"),
        row("grant_types", json!("authorization_code"), "/grant_types", "must be an array of strings"),
        row(
            "scope",
            json!("openid introspection"),
            "/scope",
            "`introspection` is for resources only: no client can hold it",
        ),
        row("scope", json!("a\\b"), "/scope", &ScopeError::BadCharacter.to_string()),
        row("jwks", json!("https://shop.example/jwks"), "/jwks", "must be an object"),
        row(
            "token_exchange",
            json!({ "audiences": ["https://api.example"] }),
            "/token_exchange",
            "must name subject_clients or subject_audiences: whose tokens are exchanged",
        ),
        row("jwks_uri", json!("http://shop.example/jwks"), "/jwks_uri", JWKS_URI),
        row("jwks_uri", json!("file:///etc/passwd"), "/jwks_uri", JWKS_URI),
        row("default_max_age", json!("60"), "/default_max_age", "must be a non-negative integer"),
        row("default_max_age", json!(-1), "/default_max_age", "must be a non-negative integer"),
        row("require_pkce", json!("perhaps"), "/require_pkce", "must be true or false"),
        row(
            "require_strict_assertions",
            json!("RFC 10070"),
            "/require_strict_assertions",
            "must be true or false",
        ),
        row(
            "cors_origins",
            json!(["https://a.example", "*"]),
            "/cors_origins/1",
            &uri(UriError::NotAnOrigin),
        ),
        row("cors_origins", json!(["https://a.example/"]), "/cors_origins/0", &uri(UriError::NotAnOrigin)),
        row("cors_origins", json!(["http://a.example"]), "/cors_origins/0", &uri(UriError::PlainHttp)),
        row(
            "id_token_claims",
            json!("all"),
            "/id_token_claims",
            "must be scopes, none, or an array of names of claims",
        ),
        row("id_token_claims", json!(true), "/id_token_claims", "must be a string or an array of strings"),
        row("id_token_claims", json!(["email", 7]), "/id_token_claims/1", "must be a string"),
        row("skip_consent", json!(1), "/skip_consent", "must be true or false"),
        row("disabled", json!("no"), "/disabled", "must be true or false"),
        row(
            "backchannel_logout_session_required",
            json!("yes"),
            "/backchannel_logout_session_required",
            "must be true or false",
        ),
        row(
            "token_endpoint_auth_method",
            json!("private_key_jwt"),
            "/token_endpoint_auth_method",
            "private_key_jwt needs jwks or jwks_uri",
        ),
        row(
            "id_token_encrypted_response_enc",
            json!("A256GCM"),
            "/id_token_encrypted_response_enc",
            "needs id_token_encrypted_response_alg beside it",
        ),
        row(
            "introspection_encrypted_response_enc",
            json!("A256GCM"),
            "/introspection_encrypted_response_enc",
            "needs introspection_encrypted_response_alg beside it",
        ),
        row(
            "introspection_encrypted_response_alg",
            json!(["RSA-OAEP"]),
            "/introspection_encrypted_response_alg",
            "must be a string",
        ),
        row(
            "introspection_signed_response_alg",
            json!(true),
            "/introspection_signed_response_alg",
            "must be a string",
        ),
        row(
            "initiate_login_uri",
            json!("http://a.example/start"),
            "/initiate_login_uri",
            &uri(UriError::PlainHttp),
        ),
        row(
            "initiate_login_uri",
            json!("javascript:alert(1)"),
            "/initiate_login_uri",
            &uri(UriError::Scheme),
        ),
        row(
            "client_secret",
            json!("21-characters-of-text"),
            "/client_secret",
            "must have at least 22 characters",
        ),
        row("client_secret", json!("x".repeat(513)), "/client_secret", SECRET_LONG),
    ]
}

fn wrong_resources() -> Vec<Wrong> {
    let row = |member, value, pointer, text: &str| Wrong {
        noun: Noun::Resource,
        member,
        value,
        pointer,
        text: text.to_owned(),
    };
    vec![
        row("scopes", json!("notes.read"), "/scopes", "must be an array of strings"),
        row("scopes", json!(["fine", "a b"]), "/scopes/1", "must be one scope, without spaces"),
        row(
            "scopes",
            json!(["introspection"]),
            "/scopes/0",
            "`introspection` is reserved: every resource may introspect",
        ),
        row(
            "scopes",
            json!(["passavant.admin"]),
            "/scopes/0",
            "`passavant.admin` belongs to the server's own admin API",
        ),
        row("scope", json!("notes.read"), "/scope", "unknown member; did you mean `scopes`?"),
        row("access_token_format", json!("paseto"), "/access_token_format", "must be opaque or jwt"),
        row("access_token_typ", json!("jwt+at"), "/access_token_typ", "must be at+jwt or JWT"),
        row(
            "access_token_signing_alg",
            json!("none"),
            "/access_token_signing_alg",
            "must be an algorithm with a public key, like ES256",
        ),
        row("access_token_lifetime", json!(0), "/access_token_lifetime", "must be 1 to 86400 seconds"),
        row(
            "access_token_lifetime",
            json!("10m"),
            "/access_token_lifetime",
            "must be a non-negative integer",
        ),
        row(
            "introspection_audience",
            json!("me"),
            "/introspection_audience",
            "must be resource, client_id or none",
        ),
        row("introspection_allow_plain", json!("yes"), "/introspection_allow_plain", "must be true or false"),
        row(
            "token_endpoint_auth_method",
            json!("none"),
            "/token_endpoint_auth_method",
            "a resource must authenticate to introspect",
        ),
        row(
            "token_endpoint_auth_method",
            json!("private_key_jwt"),
            "/token_endpoint_auth_method",
            "private_key_jwt needs jwks or jwks_uri",
        ),
        row(
            "client_id",
            json!("page"),
            "/client_id",
            "the client page authenticates by `none`, and a resource must authenticate",
        ),
        row("client_id", json!("a\nb"), "/client_id", "must be 1 to 255 visible ASCII characters"),
        row("client_secret", json!("short"), "/client_secret", "must have at least 22 characters"),
        row("jwks_uri", json!("http://notes.example/jwks"), "/jwks_uri", JWKS_URI),
    ]
}

impl Noun {
    const fn word(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Resource => "resource",
        }
    }

    /// The members of an object that is right, and is not registered yet.
    fn base(self) -> Value {
        match self {
            Self::Client => json!({
                "client_id": "new", "client_secret": SECRET, "redirect_uris": ["https://new.example/cb"],
            }),
            Self::Resource => {
                json!({ "resource": "https://new.example", "client_id": "new-rs", "client_secret": SECRET })
            }
        }
    }

    /// What registers the same by a command.
    const fn create(self) -> &'static [&'static str] {
        match self {
            Self::Client => &["client", "create", "new", "--redirect-uri", "https://new.example/cb"],
            Self::Resource => &["resource", "create", "https://new.example", "--client-id", "new-rs"],
        }
    }

    /// What changes one that is registered.
    const fn edit(self) -> &'static [&'static str] {
        match self {
            Self::Client => &["client", "edit", "old"],
            Self::Resource => &["resource", "edit", "https://old.example"],
        }
    }
}

impl Wrong {
    /// The document that has it.
    fn document(&self) -> String {
        let mut entry = self.noun.base();
        entry[self.member] = self.value.clone();
        let array = format!("{}s", self.noun.word());
        Value::Object(Map::from_iter([(array, json!([entry]))])).to_string()
    }

    /// Runs a command with it. A secret is read from standard input.
    fn run(&self, remote: &Remote, command: &[&str]) -> Outcome {
        if self.member == "client_secret" {
            let secret = self.value.as_str().expect("a secret is a string");
            return remote.installation.run(&[command, &["--secret", "-"]].concat(), secret);
        }
        let member = format!("{}={}", self.member, self.value);
        let secret: &[&str] = if command.contains(&"create") { &["--secret", "-"] } else { &[] };
        remote.installation.run(&[command, &["--member", &member], secret].concat(), SECRET)
    }
}

/// What a command or `apply` told, as pointers and texts.
fn told(outcome: &Outcome) -> Vec<(String, String)> {
    let lines = outcome.err.lines().map(str::trim).filter(|line| line.starts_with('/'));
    lines
        .filter_map(|line| line.split_once(": "))
        .map(|(at, text)| (at.to_owned(), text.to_owned()))
        .collect()
}

#[tokio::test]
async fn wrong_value_is_reported_the_same_through_every_interface() {
    let remote = Remote::start();
    let run = |arguments: &[&str]| {
        let outcome = remote.installation.run(arguments, SECRET);
        assert_eq!(outcome.code, 0, "{arguments:?}: {outcome:?}");
    };
    run(&["client", "create", "old", "--redirect-uri", "https://old.example/cb", "--secret", "-"]);
    run(&["client", "create", "page", "--public", "--redirect-uri", "https://page.example/cb"]);
    run(&["resource", "create", "https://old.example", "--client-id", "old-rs", "--secret", "-"]);
    let before =
        (remote.installation.json(&["client", "list"]), remote.installation.json(&["resource", "list"]));
    let token = remote.token("deploy", "passavant.admin").await;
    let table: Vec<_> = wrong_clients().into_iter().chain(wrong_resources()).collect();
    assert!(table.len() >= 25);
    for wrong in &table {
        let name = format!("{:?} {}={}", wrong.noun, wrong.member, wrong.value);
        let in_entry = vec![(wrong.pointer.to_owned(), wrong.text.clone())];
        let at = format!("/{}s/0{}", wrong.noun.word(), wrong.pointer);
        let in_document = vec![(at, wrong.text.clone())];

        let file = remote.installation.write("wrong.json", &wrong.document());
        let applied = remote.installation.run(&["apply", "-f", file.to_str().expect("UTF-8")], "");
        assert_eq!((applied.code, told(&applied)), (3, in_document.clone()), "apply, {name}: {applied:?}");

        for command in [wrong.noun.create(), wrong.noun.edit()] {
            let ran = wrong.run(&remote, command);
            assert_eq!((ran.code, told(&ran)), (2, in_entry.clone()), "{command:?}, {name}: {ran:?}");
        }

        let answer = remote.post("", &token, wrong.document()).send().await.expect("an answer");
        assert_eq!(answer.status(), 422, "POST, {name}");
        let problem: Value = serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON");
        let text = |error: &Value, name: &str| error[name].as_str().expect("a string").to_owned();
        let errors = problem["errors"].as_array().expect("a list").iter();
        let posted: Vec<_> = errors.map(|error| (text(error, "pointer"), text(error, "detail"))).collect();
        assert_eq!(posted, in_document, "POST, {name}");
    }
    let after =
        (remote.installation.json(&["client", "list"]), remote.installation.json(&["resource", "list"]));
    assert_eq!(after, before, "nothing was changed");
}
