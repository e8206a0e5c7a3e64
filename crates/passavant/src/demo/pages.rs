//! The pages of the demo: rendered here, without script, in the look of the accounts' pages.

use askama::Template;
use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header};

/// Where the demo's own style is, beside the accounts' one.
pub(super) const STYLE_PATH: &str = "/assets/demo.css";

/// Whom the forms of a page without forms may reach.
pub(super) const NO_FORMS: &str = "'none'";

/// `/` in dev mode.
#[derive(Template)]
#[template(path = "front.html", config = "src/demo/askama.toml")]
pub(super) struct FrontPage<'a> {
    pub(super) issuer: &'a str,
    pub(super) audience: String,
    /// Where the client is.
    pub(super) app: String,
    pub(super) user: (&'a str, &'a str),
    pub(super) web: &'a str,
    pub(super) cli: (&'a str, &'a str),
    pub(super) api: &'a str,
    pub(super) scope: &'a str,
}

/// `/` everywhere else.
#[derive(Template)]
#[template(path = "about.html", config = "src/demo/askama.toml")]
pub(super) struct AboutPage<'a> {
    pub(super) issuer: &'a str,
    pub(super) stylesheet: String,
    /// OpenID Connect Discovery 1.0 §4.
    pub(super) openid: String,
    /// RFC 8414 §3.
    pub(super) oauth: Option<String>,
}

/// What the client knows of who is signed in.
#[derive(Template)]
#[template(path = "signed_in.html", config = "src/demo/askama.toml")]
pub(super) struct SignedInPage<'a> {
    pub(super) client: &'a str,
    pub(super) issuer: &'a str,
    pub(super) claims: Vec<ShownClaim>,
    pub(super) time: ShownAnswer,
    pub(super) scope: &'a str,
    /// When the access token ends, where the server said so.
    pub(super) until: Option<String>,
    pub(super) refreshed: u32,
    pub(super) refreshable: bool,
    pub(super) csrf: &'a str,
}

/// One claim of the ID token.
pub(super) struct ShownClaim {
    pub(super) name: String,
    pub(super) value: String,
    /// A time in words.
    pub(super) note: Option<String>,
}

/// What the API answered.
pub(super) struct ShownAnswer {
    pub(super) status: String,
    pub(super) text: String,
}

/// Nobody is signed in any more.
#[derive(Template)]
#[template(path = "signed_out.html", config = "src/demo/askama.toml")]
pub(super) struct SignedOutPage<'a> {
    /// `/` of the issuer.
    pub(super) front: &'a str,
}

/// What went wrong, in the server's words or in the client's.
#[derive(Template)]
#[template(path = "problem.html", config = "src/demo/askama.toml")]
pub(super) struct ProblemPage<'a> {
    pub(super) error: &'a str,
    pub(super) description: &'a str,
}

/// The style of the demo.
pub(super) async fn style() -> Response {
    const HEADERS: [(HeaderName, &str); 3] = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (HEADERS, include_str!("demo.css")).into_response()
}

/// The page as a whole answer; 500 where it can't be rendered. Its forms may be sent, and redirected, to
/// `form_action` (CSP 3 §6.4.1).
pub(super) fn page(status: StatusCode, page: &impl Template, form_action: &str) -> Response {
    match page.render() {
        Ok(html) => answer(status, html, form_action),
        Err(error) => {
            tracing::error!(%error, "a page of the demo can't be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A rendered page with the headers of one.
pub(super) fn answer(status: StatusCode, html: String, form_action: &str) -> Response {
    const FIXED: [(HeaderName, &str); 5] = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
    ];
    let mut answer = Response::new(Body::from(html));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; \
         form-action {form_action}"
    );
    let policy = HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    // no-referrer would make a form's own post carry `Origin: null`.
    let referrer = if form_action == NO_FORMS { "no-referrer" } else { "same-origin" };
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static(referrer));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_runs_no_script_and_stays_in_no_cache() {
        let answer = answer(StatusCode::OK, String::new(), "'self' http://localhost:4000");
        let header = |name: &str| answer.headers()[name].to_str().expect("text");
        assert_eq!(
            header("content-security-policy"),
            "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; \
             form-action 'self' http://localhost:4000"
        );
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("referrer-policy"), "same-origin");
    }

    #[test]
    fn what_others_sent_is_text_and_nothing_else() {
        let page = ProblemPage { error: "<b>", description: "</p><script>alert(1)</script>" };
        let html = page.render().expect("renders");
        assert!(!html.contains("<b>") && !html.contains("<script"), "{html}");
        assert!(html.contains("&#60;script&#62;alert(1)"), "{html}");
    }

    #[test]
    fn every_page_has_what_assistive_technology_asks_for() {
        let front = FrontPage {
            issuer: "http://localhost:4000",
            audience: "http://localhost:4000/demo-api".into(),
            app: "http://127.0.0.1:4000/demo-app".into(),
            user: ("alice", "correct-horse"),
            web: "demo-web",
            cli: ("demo-cli", "demo-secret"),
            api: "demo-api",
            scope: "demo.read",
        };
        let about = AboutPage {
            issuer: "https://id.example/one",
            stylesheet: "/one/assets/ui.css".into(),
            openid: "https://id.example/one/.well-known/openid-configuration".into(),
            oauth: Some("https://id.example/.well-known/oauth-authorization-server/one".into()),
        };
        let problem = ProblemPage { error: "access_denied", description: "No" };
        for html in [front.render(), about.render(), problem.render()] {
            let html = html.expect("renders");
            for part in ["<html lang=\"en\"", "<title>", "<main", "<h1>", "name=\"viewport\""] {
                assert_eq!(html.matches(part).count(), 1, "{part} in {html}");
            }
            assert!(!html.contains("style=") && !html.contains("onclick"), "{html}");
        }
    }
}
