//! What a user is asked.

use serde::{Deserialize, Serialize};

use crate::settings::PagePaths;

/// What an interaction waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    /// Who is it?
    SignIn,
    /// Is it allowed?
    Consent,
    /// Sign out, really?
    SignOut,
}

impl Ask {
    /// The path of the page that asks it.
    pub(crate) fn path(self, pages: &PagePaths) -> &str {
        match self {
            Self::SignIn => &pages.sign_in,
            Self::Consent => &pages.consent,
            Self::SignOut => &pages.sign_out,
        }
    }
}
