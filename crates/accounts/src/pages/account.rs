//! The page of whoever is signed in, where no client waits for an answer.

use askama::Template;

use super::{Frame, consent::ShownAccount};

/// The data of the page.
#[derive(Template)]
#[template(path = "account.html")]
pub(crate) struct AccountPage<'a> {
    pub(crate) frame: &'a Frame,
    pub(crate) account: ShownAccount,
    /// The URL that signs out.
    pub(crate) sign_out: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{directory::fixture::alice, pages::fixture};

    #[test]
    fn who_is_signed_in_is_shown_and_can_sign_out() {
        let (frame, account) = (fixture::frame(), ShownAccount::of(&alice()));
        let page = AccountPage { frame: &frame, account, sign_out: "https://id.example/logout" };
        let html = page.render().expect("renders");
        assert!(html.contains("<bdi>Alice Martin</bdi>") && html.contains("<bdi>alice@example.org</bdi>"));
        assert!(html.contains("href=\"https://id.example/logout\">Sign out</a>"), "{html}");
    }
}
