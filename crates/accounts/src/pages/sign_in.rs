//! The sign-in page. Contract: fields `username` and `password`, a submit with id `login`.

use askama::Template;

use super::{Frame, Hidden, ShownClient};

/// The data of the page.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub(crate) struct SignInPage<'a> {
    pub(crate) frame: &'a Frame,
    pub(crate) client: Option<&'a ShownClient>,
    /// The prefilled username.
    pub(crate) username: &'a str,
    /// The error message.
    pub(crate) problem: Option<&'static str>,
    /// Whom the client expects, if it said so.
    pub(crate) expected: Option<&'a str>,
    pub(crate) hidden: Hidden,
}

/// The same text for every reason.
pub(crate) const WRONG: &str = "That username and password don't match. Please try again.";

/// A field is empty, so nothing was checked.
pub(crate) const INCOMPLETE: &str = "Please enter your username and your password.";

/// It was right, but of another user than the client expects.
pub(crate) const UNEXPECTED: &str = "That is another account than the application expects. Sign in with the expected \
                                     one, or return without signing in.";

/// It was right, but not any longer.
pub(crate) const OUTDATED: &str = "Your account changed just now. Please sign in again.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::{Destination, fixture};

    fn page(client: Option<&ShownClient>, username: &str, problem: Option<&'static str>) -> String {
        expecting(client, username, problem, None)
    }

    fn expecting(
        client: Option<&ShownClient>,
        username: &str,
        problem: Option<&'static str>,
        expected: Option<&str>,
    ) -> String {
        let (frame, hidden) = (fixture::frame(), fixture::hidden());
        let page = SignInPage { frame: &frame, client, username, problem, expected, hidden };
        page.render().expect("renders")
    }

    #[test]
    fn the_form_keeps_its_contract() {
        let html = page(Some(&fixture::client("Shop")), "", None);
        assert_eq!(html.matches("<form method=\"post\"").count(), 1);
        assert!(!html.contains("action="), "it is posted to its own address");
        for part in [
            "name=\"username\"",
            "name=\"password\"",
            "id=\"login\"",
            "name=\"csrf\" value=\"c-1\"",
            "autocomplete=\"username\"",
            "autocomplete=\"current-password\"",
            "<label for=\"username\">",
            "<label for=\"password\">",
        ] {
            assert_eq!(html.matches(part).count(), 1, "{part}");
        }
    }

    #[test]
    fn the_client_is_named_with_its_links() {
        let html = page(Some(&fixture::client("Shop")), "", None);
        assert!(html.contains("<h1>Sign in to continue to <bdi>Shop</bdi></h1>"), "{html}");
        assert!(html.contains("return to <b>shop.example</b>"));
        for (uri, text) in [("policy", "Privacy policy"), ("terms", "Terms of service")] {
            let link = format!(
                "<a href=\"https://shop.example/{uri}\" rel=\"noopener noreferrer\" target=\"_blank\">{text}</a>"
            );
            assert!(html.contains(&link), "{link}");
        }
        assert!(page(None, "", None).contains("<h1>Sign in</h1>"));
    }

    #[test]
    fn a_client_without_links_or_host_shows_none() {
        let mut client = fixture::client("Shop");
        client.destination = Destination::of("http://127.0.0.1/cb");
        (client.policy_uri, client.tos_uri) = (None, None);
        let html = page(Some(&client), "", None);
        assert!(!html.contains("<footer") && !html.contains("<a ") && !html.contains("return to"));
    }

    #[test]
    fn a_hint_is_prefilled_and_the_password_never_is() {
        let html = page(None, "\"><script>alice", None);
        assert!(html.contains("value=\"&#34;&#62;&#60;script&#62;alice\""), "{html}");
        assert_eq!(html.matches("value=").count(), 3, "csrf, request and username");
    }

    /// OpenID Connect Core 1.0 §3.1.2.1: `id_token_hint`.
    #[test]
    fn whom_the_client_expects_is_named_and_nobody_has_to_sign_in() {
        let client = fixture::client("Shop");
        let html = expecting(Some(&client), "alice", Some(UNEXPECTED), Some("Alice <b> (alice)"));
        assert!(
            html.contains("<bdi>Shop</bdi></b> expects <b><bdi>Alice &#60;b&#62; (alice)</bdi></b>"),
            "{html}"
        );
        assert!(html.contains("name=\"decision\" value=\"cancel\" id=\"cancel\""), "{html}");
        assert!(!page(Some(&client), "alice", None).contains("cancel"));
    }

    #[test]
    fn a_problem_is_described_and_tied_to_the_fields() {
        let html = page(None, "alice", Some(WRONG));
        assert!(html.contains("role=\"alert\" id=\"problem\"") && html.contains("<title>Error: "));
        assert_eq!(html.matches("aria-describedby=\"problem\"").count(), 2);
        assert_eq!(html.matches("aria-invalid=\"true\"").count(), 2);
        assert!(!page(None, "alice", None).contains("problem"));
    }

    #[test]
    fn the_name_of_a_client_is_escaped() {
        let html = page(Some(&fixture::client("<img src=x onerror=alert(1)>&\"'\u{202e}")), "", None);
        assert!(!html.contains("<img") && !html.contains('\u{202e}'), "{html}");
        assert!(html.contains("&#60;img src=x onerror=alert(1)&#62;&#38;&#34;&#39;\u{fffd}"), "{html}");
    }
}
