//! `[clients]`: what clients may register.

use super::super::kind::{Several, Text};

section! {
    /// What clients may register.
    Clients at "clients." {
        /// Schemes without a dot, such as `cursor` or `vscode`, that redirect URIs of native clients (`application_type`
        /// `native`) may have, joined by commas. No domain owns such a scheme: any program on the user's device can
        /// take it (RFC 8252 section 7.1). Schemes with a dot need no setting.
        redirect_schemes: Vec<String> = Several(Text("a scheme")), example "cursor";
    }
}
