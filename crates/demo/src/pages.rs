//! The pages of the demo: rendered here, without script, in the look of the accounts' pages.

use askama::Template;
use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header};

/// Where the demo's own style is, beside the accounts' one.
pub(crate) const STYLE_PATH: &str = "/assets/demo.css";

/// The target of forms on a page without forms.
pub(crate) const NO_FORMS: &str = "'none'";

/// `/` in the development mode.
#[derive(Template)]
#[template(path = "front.html")]
pub(crate) struct FrontPage<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) audience: String,
    /// Where the client is.
    pub(crate) app: String,
    pub(crate) user: (&'a str, &'a str),
    pub(crate) web: &'a str,
    /// The client for an app that is being developed, and its secret.
    pub(crate) app_client: (&'a str, &'a str),
    pub(crate) cli: (&'a str, &'a str),
    pub(crate) api: &'a str,
    pub(crate) scope: &'a str,
}

/// `/` everywhere else.
#[derive(Template)]
#[template(path = "about.html")]
pub(crate) struct AboutPage<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) stylesheet: String,
    /// OpenID Connect Discovery 1.0 §4.
    pub(crate) openid: String,
    /// RFC 8414 §3.
    pub(crate) oauth: Option<String>,
}

/// What the demo app knows of who is signed in.
#[derive(Template)]
#[template(path = "signed_in.html")]
pub(crate) struct SignedInPage<'a> {
    pub(crate) client: &'a str,
    pub(crate) issuer: &'a str,
    /// `name` of the ID token.
    pub(crate) name: Option<&'a str>,
    /// `email` of the ID token.
    pub(crate) email: Option<&'a str>,
    pub(crate) claims: Vec<ShownClaim>,
    pub(crate) time: ShownAnswer,
    pub(crate) scope: &'a str,
    /// When the access token ends, where the server said so.
    pub(crate) until: Option<String>,
    pub(crate) refreshed: u32,
    pub(crate) refreshable: bool,
    pub(crate) csrf: &'a str,
}

/// One claim of the ID token.
pub(crate) struct ShownClaim {
    pub(crate) name: String,
    pub(crate) value: String,
    /// A time in words.
    pub(crate) note: Option<String>,
}

/// What the API answered.
pub(crate) struct ShownAnswer {
    pub(crate) status: String,
    pub(crate) text: String,
}

/// Nobody is signed in anymore.
#[derive(Template)]
#[template(path = "signed_out.html")]
pub(crate) struct SignedOutPage<'a> {
    /// `/` of the issuer.
    pub(crate) front: &'a str,
}

/// What went wrong, in the words of the server or of the demo app.
#[derive(Template)]
#[template(path = "problem.html")]
pub(crate) struct ProblemPage<'a> {
    pub(crate) error: &'a str,
    pub(crate) description: &'a str,
}

/// The style of the demo.
pub(crate) async fn style() -> Response {
    const HEADERS: [(HeaderName, &str); 3] = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (HEADERS, include_str!("demo.css")).into_response()
}

/// The page as a whole answer; 500 where it can't be rendered. Its forms may be sent, and redirected, to
/// `form_action` (CSP 3 §6.4.1).
pub(crate) fn page(status: StatusCode, page: &impl Template, form_action: &str) -> Response {
    match page.render() {
        Ok(html) => answer(status, html, form_action),
        Err(error) => {
            tracing::error!(%error, "a page of the demo can't be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A rendered page, with its headers.
pub(crate) fn answer(status: StatusCode, html: String, form_action: &str) -> Response {
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
    fn page_runs_no_script_and_is_not_cached() {
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
    fn untrusted_values_are_escaped() {
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
            app_client: ("my-app", "my-app-secret"),
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
