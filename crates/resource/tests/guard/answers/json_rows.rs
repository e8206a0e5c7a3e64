//! Answers in JSON (RFC 7662 §2.2), and statuses.

use passavant_resource::Reason;
use serde_json::{Value, json};

use super::{Makers, Row, accepted, refusal};
use crate::stub::{Play, http, typed};
use crate::support::{AUDIENCE, NOW};

const JSON: &str = "application/json";

/// The answer that satisfies every kind of resource server, with these members replaced.
fn answer(makers: &Makers, members: Value) -> Play {
    typed(JSON, body(makers, members).to_string())
}

fn body(makers: &Makers, members: Value) -> Value {
    let mut body = json!({
        "active": true, "scope": "read groups", "client_id": "web", "username": "alice", "sub": "1",
        "token_type": "Bearer", "exp": NOW + 600, "iat": NOW - 60, "iss": makers.issuer
    });
    body.as_object_mut().expect("an object").extend(members.as_object().expect("an object").clone());
    body
}

fn without(makers: &Makers, name: &str) -> Play {
    let mut body = body(makers, json!({}));
    body.as_object_mut().expect("an object").remove(name);
    typed(JSON, body.to_string())
}

fn status(makers: &Makers, line: &str, headers: &[&str]) -> Play {
    Play::Say(http(line, headers, body(makers, json!({})).to_string().as_bytes()))
}

pub(super) fn rows(makers: &Makers) -> Vec<Row> {
    let mut rows = good(makers);
    rows.extend(claims(makers));
    rows.extend(times_and_names(makers));
    rows.extend(audiences(makers));
    rows.extend(statuses(makers));
    rows.extend(texts(makers));
    rows
}

fn good(makers: &Makers) -> Vec<Row> {
    let own = |members| answer(makers, members);
    vec![
        accepted(
            "minimal",
            &["dot: active, scope, exp", "lasuite: minimal"],
            typed(JSON, json!({"active": true, "scope": "read", "exp": NOW + 60}).to_string()),
        ),
        accepted("with username", &["dot: username too", "lasuite: iss is the server's"], own(json!({}))),
        accepted(
            "sub and no username",
            &["dot: sub only"],
            typed(JSON, json!({"active": true, "scope": "read", "sub": "1"}).to_string()),
        ),
        accepted("no exp", &["dot: no exp"], without(makers, "exp")),
        accepted(
            "exp a float",
            &["dot: exp float", "lasuite: exp float"],
            own(json!({"exp": 1_800_000_600.5})),
        ),
        accepted("iat two seconds ahead", &["lasuite: iat 2 s ahead"], own(json!({"iat": NOW + 2}))),
        accepted("nbf two seconds ahead", &["lasuite: nbf 2 s ahead"], own(json!({"nbf": NOW + 2}))),
        accepted("no client_id", &["lasuite: client_id missing"], without(makers, "client_id")),
        accepted("no sub", &["lasuite: sub missing"], without(makers, "sub")),
        accepted("a sub that nobody here knows", &["lasuite: sub unknown"], own(json!({"sub": "nobody"}))),
        accepted("typed text/plain", &["dot: text/plain typed JSON"], {
            typed("text/plain", body(makers, json!({})).to_string())
        }),
        accepted("without a type", &[], status(makers, "200 OK", &[])),
        accepted("token_type in lower case", &[], own(json!({"token_type": "bearer"}))),
        accepted("unknown members", &[], own(json!({"ext": {"a": [1, null, true]}}))),
    ]
}

fn claims(makers: &Makers) -> Vec<Row> {
    let own = |members| answer(makers, members);
    let malformed = |name, lines, members| refusal(name, lines, own(members), Reason::ClaimMalformed);
    vec![
        refusal(
            "active false",
            &["dot: active false", "lasuite: active false"],
            typed(JSON, r#"{"active":false}"#),
            Reason::TokenInactive,
        ),
        refusal("active false and more", &[], own(json!({"active": false})), Reason::TokenInactive),
        malformed(
            "active a string",
            &["dot: active \"true\"", "lasuite: active \"true\""],
            json!({"active": "true"}),
        ),
        malformed("active 1", &["dot: active 1"], json!({"active": 1})),
        malformed("active null", &[], json!({"active": null})),
        refusal("no active", &["lasuite: active missing"], without(makers, "active"), Reason::ClaimMissing),
        refusal(
            "no scope",
            &["dot: scope missing", "lasuite: scope missing"],
            without(makers, "scope"),
            Reason::ScopeInsufficient,
        ),
        refusal(
            "scope empty",
            &["lasuite: scope empty"],
            own(json!({"scope": ""})),
            Reason::ScopeInsufficient,
        ),
        refusal(
            "scope another",
            &["lasuite: scope other"],
            own(json!({"scope": "x"})),
            Reason::ScopeInsufficient,
        ),
        accepted(
            "scope a list",
            &["dot: scope list", "lasuite: scope list"],
            own(json!({"scope": ["x", "read"]})),
        ),
        malformed("scope a list of other things", &[], json!({"scope": ["read", 7]})),
        refusal("scope null", &[], own(json!({"scope": null})), Reason::ScopeInsufficient),
        refusal("scope an empty list", &[], own(json!({"scope": []})), Reason::ScopeInsufficient),
        malformed("exp a string", &["dot: exp string", "lasuite: exp string"], json!({"exp": "1800000600"})),
        accepted("exp null", &["dot: exp null", "lasuite: exp null"], own(json!({"exp": null}))),
    ]
}

fn times_and_names(makers: &Makers) -> Vec<Row> {
    let own = |members| answer(makers, members);
    let malformed = |name, lines, members| refusal(name, lines, own(members), Reason::ClaimMalformed);
    vec![
        refusal(
            "exp past",
            &["dot: exp past", "lasuite: exp past"],
            own(json!({"exp": NOW - 60})),
            Reason::TokenExpired,
        ),
        refusal(
            "nbf ahead",
            &["dot: nbf in 10 minutes"],
            own(json!({"nbf": NOW + 600})),
            Reason::TokenNotYetValid,
        ),
        refusal("iat ahead", &[], own(json!({"iat": NOW + 600})), Reason::ClockSkewed),
        accepted("username null", &["dot: username null"], own(json!({"username": null}))),
        accepted("sub null", &[], own(json!({"sub": null}))),
        malformed("sub a number", &["lasuite: sub number"], json!({"sub": 1})),
        malformed("iss null", &["lasuite: iss null"], json!({"iss": null})),
        refusal(
            "iss with a slash more",
            &["lasuite: iss with extra slash"],
            own(json!({"iss": format!("{}/", makers.issuer)})),
            Reason::IssuerWrong,
        ),
        refusal(
            "iss foreign",
            &["dot: foreign iss"],
            own(json!({"iss": "https://x.example"})),
            Reason::IssuerWrong,
        ),
        refusal(
            "a token that is bound",
            &["dot: token_type DPoP and cnf"],
            own(json!({"token_type": "DPoP", "cnf": {"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}})),
            Reason::TokenBound,
        ),
        refusal("a refresh token", &[], own(json!({"token_use": "refresh_token"})), Reason::KindWrong),
    ]
}

fn audiences(makers: &Makers) -> Vec<Row> {
    let own = |members| answer(makers, members);
    let wrong = |name, lines, audience: Value| {
        refusal(name, lines, own(json!({"aud": audience})), Reason::AudienceWrong)
    };
    let malformed = |name, lines, audience: Value| {
        refusal(name, lines, own(json!({"aud": audience})), Reason::ClaimMalformed)
    };
    vec![
        accepted("aud ours", &[], own(json!({"aud": AUDIENCE}))),
        accepted("aud a list with ours", &[], own(json!({"aud": ["web", AUDIENCE]}))),
        wrong("aud a prefix", &["dot: aud URL prefix of the request"], json!("https://notes")),
        wrong(
            "aud another URL",
            &["dot: aud other URL", "lasuite: aud of somebody else"],
            json!("https://x.example"),
        ),
        wrong("aud a client id", &["dot: aud client id"], json!("web")),
        accepted("aud empty", &["dot: aud []"], own(json!({"aud": []}))),
        accepted("aud null", &["dot: aud null"], own(json!({"aud": null}))),
        malformed("aud a list with null", &[], json!([null])),
        malformed("aud an object", &["dot: aud object"], json!({"a": AUDIENCE})),
        malformed("aud a list of other things", &[], json!([AUDIENCE, 7])),
    ]
}

fn statuses(makers: &Makers) -> Vec<Row> {
    use Reason::{IntrospectionFailed as Failed, IntrospectionRefused as Refused};
    let row = |name, lines, line, headers: &[&str], reason| {
        refusal(name, lines, status(makers, line, headers), reason)
    };
    vec![
        row("201", &["dot: HTTP 201", "lasuite: HTTP 201"], "201 Created", &[], Failed),
        row("202", &[], "202 Accepted", &[], Failed),
        refusal("204", &[], Play::Say(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()), Failed),
        row("206", &[], "206 Partial Content", &[], Failed),
        row("400", &[], "400 Bad Request", &[], Failed),
        row("401", &["dot: HTTP 401"], "401 Unauthorized", &[], Refused),
        row(
            "401 with a challenge",
            &["lasuite: HTTP 401 with challenge"],
            "401 Unauthorized",
            &["WWW-Authenticate: Basic realm=\"x\""],
            Refused,
        ),
        row(
            "401 with a challenge without scheme",
            &[],
            "401 Unauthorized",
            &["WWW-Authenticate: error=\"x\""],
            Refused,
        ),
        row("403", &["lasuite: HTTP 403"], "403 Forbidden", &[], Refused),
        refusal(
            "403 of another type, empty",
            &[],
            Play::Say(http("403 Forbidden", &["Content-Type: x/y"], b"")),
            Refused,
        ),
        row("404", &[], "404 Not Found", &[], Failed),
        row("407", &[], "407 Proxy Authentication Required", &[], Failed),
        row("429", &[], "429 Too Many Requests", &["Retry-After: 3600"], Failed),
        row("500", &["lasuite: HTTP 500"], "500 Internal Server Error", &[], Failed),
        row("503", &["dot: HTTP 503"], "503 Service Unavailable", &[], Failed),
        row("599", &[], "599 X", &[], Failed),
        row("999", &[], "999 X", &[], Failed),
    ]
}

fn texts(makers: &Makers) -> Vec<Row> {
    let row = |name, lines, text: &[u8]| refusal(name, lines, typed(JSON, text), Reason::AnswerMalformed);
    let good = body(makers, json!({})).to_string();
    let deep =
        format!(r#"{{"active":true,"scope":"read","a":{}1{}}}"#, "[".repeat(20_000), "]".repeat(20_000));
    let nested =
        format!(r#"{{"active":true,"scope":"read","a":{}1{}}}"#, r#"{"a":"#.repeat(5_000), "}".repeat(5_000));
    let html = refusal(
        "HTML with status 200",
        &[],
        typed("text/html", "<html>Sign in</html>"),
        Reason::AnswerMalformed,
    );
    vec![
        html,
        row("not JSON", &["dot: not JSON", "lasuite: not JSON"], b"<html>"),
        row("an array", &["dot: JSON array", "lasuite: JSON array"], br#"[{"active":true,"scope":"read"}]"#),
        row("true", &[], b"true"),
        row("null", &[], b"null"),
        row("empty", &[], b""),
        row("white space", &[], b" \r\n\t "),
        row("cut in the middle", &[], &good.as_bytes()[..good.len() / 2]),
        row("something after the end", &[], format!("{good}x").as_bytes()),
        row("two answers", &[], format!("{good}{good}").as_bytes()),
        row("active twice, false first", &[], br#"{"active":false,"scope":"read","active":true}"#),
        row("active twice, true first", &[], br#"{"active":true,"scope":"read","active":false}"#),
        row("a member twice, once escaped", &[], br#"{"active":true,"scope":"read","sc\u006fpe":"read"}"#),
        row("a member twice inside", &[], br#"{"active":true,"scope":"read","x":{"a":1,"a":2}}"#),
        row("arrays in arrays", &[], deep.as_bytes()),
        row("objects in objects", &[], nested.as_bytes()),
        row("a number beyond all", &[], br#"{"active":true,"scope":"read","exp":1e999}"#),
        row("not a number", &[], br#"{"active":true,"scope":"read","exp":NaN}"#),
        row("no UTF-8", &[], b"{\"active\":true,\"scope\":\"read\",\"sub\":\"\xff\xfe\"}"),
        row("half a surrogate", &[], br#"{"active":true,"scope":"read","sub":"\ud800"}"#),
        row("a byte order mark", &[], format!("\u{feff}{good}").as_bytes()),
        row("UTF-16", &[], &good.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>()),
        row("a comment", &[], format!("/**/{good}").as_bytes()),
        row("single quotes", &[], b"{'active':true,'scope':'read'}"),
        row("a form", &[], b"active=true&scope=read"),
    ]
}
