//! The page that asks before signing out, and the one that follows. Contract: a submit with id `logout`.

use askama::Template;

use super::{Frame, Hidden};

/// The data of the page.
#[derive(Template)]
#[template(path = "sign_out.html")]
pub(crate) struct SignOutPage<'a> {
    pub(crate) frame: &'a Frame,
    pub(crate) hidden: Hidden,
}

/// The page where a sign-out ends that returns to no client.
#[derive(Template)]
#[template(path = "signed_out.html")]
pub(crate) struct SignedOutPage<'a> {
    pub(crate) frame: &'a Frame,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::fixture;

    #[test]
    fn the_form_keeps_its_contract() {
        let frame = fixture::frame();
        let page = SignOutPage { frame: &frame, hidden: fixture::hidden() };
        let html = page.render().expect("renders");
        assert_eq!(html.matches("<form method=\"post\"").count(), 1);
        assert!(html.contains("id=\"logout\"") && html.contains("name=\"csrf\" value=\"c-1\""));
        let cancel = "name=\"decision\" value=\"cancel\" id=\"cancel\">Cancel</button>";
        assert!(html.contains(cancel) && html.contains("name=\"request\" value=\"r-1\""), "{html}");
    }
}
