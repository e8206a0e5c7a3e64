//! The error page: what happened, what the user can do, and what the developer of the client needs to know.

use askama::Template;
use server::{ErrorPage, Reason, pages::OPEN};

use super::{
    Frame,
    shown::{TEXT_CHARS_MAX, shown},
};

/// Renders a whole document. It shows only its input: what is public is decided elsewhere.
pub(super) fn render(frame: &Frame, issuer: &str, page: &ErrorPage) -> String {
    let (heading, advice) = heading_and_advice(page);
    let is_ours = |text: &str| {
        text.strip_prefix(issuer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
    };
    let (open, facts): (Vec<_>, Vec<_>) =
        page.facts.iter().partition(|(label, text)| *label == OPEN && is_ours(text));
    let filled = Filled {
        frame,
        heading,
        advice,
        open: open.first().map(|(_, text)| text.as_str()),
        slug: page.slug,
        code: page.code,
        description: shown(&page.description, TEXT_CHARS_MAX),
        facts: facts.into_iter().map(|(label, text)| (*label, shown(text, TEXT_CHARS_MAX))).collect(),
        request_id: shown(&page.request_id, TEXT_CHARS_MAX),
    };
    // Rendering to a string fails only where the `Display` of a value does, and these are all plain text.
    filled.render().unwrap_or_else(|_| format!("{} {}", page.slug, page.code))
}

#[derive(Template)]
#[template(path = "error.html")]
struct Filled<'a> {
    frame: &'a Frame,
    heading: &'static str,
    advice: &'static str,
    open: Option<&'a str>,
    slug: &'a str,
    code: &'a str,
    description: String,
    facts: Vec<(&'static str, String)>,
    request_id: String,
}

/// The heading, and what the user can do.
fn heading_and_advice(page: &ErrorPage) -> (&'static str, &'static str) {
    const UNKNOWN: &str = Reason::InteractionUnknown.slug();
    const EXPIRED: &str = Reason::InteractionExpired.slug();
    const OTHER_BROWSER: &str = Reason::InteractionBrowserMismatch.slug();
    const CROSS_SITE: &str = Reason::FormCrossSite.slug();
    const LOGOUT_HINT: &str = Reason::LogoutHintInvalid.slug();
    const LOGOUT_REDIRECT: &str = Reason::LogoutRedirectMismatch.slug();
    const OTHER_HOST: &str = Reason::HostMismatch.slug();
    match page.slug {
        UNKNOWN | EXPIRED => (
            "This page is no longer valid",
            "It was already answered, or it stood open for too long. Go back to where you came from and start again.",
        ),
        OTHER_BROWSER => (
            "This page belongs to another browser",
            "It was opened in another browser, or this one keeps no cookies. Go back to where you came from and \
             start again in this browser, with cookies allowed. Or sign in here.",
        ),
        LOGOUT_HINT | LOGOUT_REDIRECT => (
            "You are signed out",
            "The application asked to send you to an address that it has not registered, so you stay here. You can \
             close this page.",
        ),
        CROSS_SITE => (
            "This form did not come from here",
            "Nothing was changed. If you sent it yourself, go back, load the page again and send it once more.",
        ),
        OTHER_HOST if page.facts.iter().all(|(label, _)| *label != OPEN) => (
            "This page has another address",
            "A proxy before this server does not say under which address you opened it, so signing in can't work. \
             Please tell the people who run this server.",
        ),
        OTHER_HOST => (
            "This page has another address",
            "You opened it at an address where signing in can't work. Continue at the right one.",
        ),
        "sign_in_failures_too_many" => (
            "Too many failed sign-ins",
            "There were too many failed sign-ins from your network. Wait a minute, then go back and try again.",
        ),
        _ if page.status == 503 => {
            ("Please try again in a moment", "The server is busy right now. Nothing was lost.")
        }
        _ if page.status >= 500 => {
            ("Something went wrong here", "It is our fault, not yours. Please go back and try again.")
        }
        _ => (
            "This application is not set up correctly",
            "We stopped before sending you anywhere. You did nothing wrong: please tell the people who run the \
             application that sent you here.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::fixture;

    fn page(status: u16, slug: &'static str, facts: Vec<(&'static str, String)>) -> String {
        let page = ErrorPage {
            status,
            slug,
            code: "invalid_request",
            description: "The redirect_uri is not registered".into(),
            facts,
            request_id: "01JD6ZQ4T8".into(),
        };
        render(&fixture::frame(), "https://id.example", &page)
    }

    #[test]
    fn slug_code_facts_and_request_id_are_shown() {
        let html = page(400, "redirect_uri_mismatch", vec![("Sent", "https://shop.example/cb/".into())]);
        for part in [
            "<code>redirect_uri_mismatch</code>",
            "<code>invalid_request</code>",
            "The redirect_uri is not registered",
            "<dt>Sent</dt><dd><code>https://shop.example/cb/</code></dd>",
            "<code>01JD6ZQ4T8</code>",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert!(!html.contains("<a ") && !html.contains("<form"));
    }

    #[test]
    fn untrusted_text_is_escaped() {
        let html = page(400, "redirect_uri_mismatch", vec![("Sent", "<script>\"\u{202e}".into())]);
        assert!(html.contains("&#60;script&#62;&#34;\u{fffd}") && !html.contains("<script"), "{html}");
    }

    #[test]
    fn only_an_address_of_this_issuer_becomes_a_link() {
        let html = page(400, "host_mismatch", vec![(OPEN, "https://id.example/login?a=1&b=\"".into())]);
        assert!(html.contains("href=\"https://id.example/login?a=1&#38;b=&#34;\""), "{html}");
        for foreign in ["https://id.example.evil/", "https://evil/", "javascript:x"] {
            let html = page(400, "host_mismatch", vec![(OPEN, foreign.into())]);
            assert!(!html.contains("<a "), "{html}");
        }
    }

    #[test]
    fn a_proxy_is_told_from_a_browser_at_another_host() {
        let html = page(400, "host_mismatch", vec![("Received", "127.0.0.1:4000".into())]);
        assert!(html.contains("A proxy before this server") && !html.contains("<a "), "{html}");
        let html = page(400, "host_mismatch", vec![(OPEN, "https://id.example/login".into())]);
        assert!(html.contains("Continue at the right one"), "{html}");
    }

    #[test]
    fn our_faults_are_not_blamed_on_the_client() {
        assert!(page(500, "server_error", Vec::new()).contains("our fault"));
        assert!(page(503, "server_error", Vec::new()).contains("try again"));
        assert!(page(400, "client_unknown", Vec::new()).contains("not set up correctly"));
    }
}
