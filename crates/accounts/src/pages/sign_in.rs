//! The sign-in page. Contract: fields `username` and `password`, a submit with id `login`.

use askama::Template;

use super::{Frame, ShownClient};

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
    pub(crate) csrf: &'a str,
}

/// The same text for every reason.
pub(crate) const WRONG: &str = "That username and password don't match. Please try again.";

/// A field is empty, so nothing was checked.
pub(crate) const INCOMPLETE: &str = "Please enter your username and your password.";

/// It was right, but not any longer.
pub(crate) const OUTDATED: &str = "Your account changed just now. Please sign in again.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::{Destination, fixture};

    fn page(client: Option<&ShownClient>, username: &str, problem: Option<&'static str>) -> String {
        let frame = fixture::frame();
        SignInPage { frame: &frame, client, username, problem, csrf: "c-1" }.render().expect("renders")
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
        assert_eq!(html.matches("value=").count(), 2, "csrf and username");
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
