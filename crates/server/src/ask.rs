//! What a user is asked.

use serde::{Deserialize, Serialize};

use crate::settings::PagePaths;

/// What an interaction waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    /// The user signs in.
    SignIn,
    /// The user allows or denies the request.
    Consent,
    /// The user confirms what a device, or another application that can't send the browser here, asks for.
    Confirm,
    /// The user confirms the sign-out.
    SignOut,
}

impl Ask {
    /// The path of the page for it.
    pub(crate) fn path(self, pages: &PagePaths) -> &str {
        match self {
            Self::SignIn => &pages.sign_in,
            Self::Consent => &pages.consent,
            Self::Confirm => &pages.device,
            Self::SignOut => &pages.sign_out,
        }
    }
}
