//! `[jwt_bearer]`: assertions of other issuers.

use super::super::kind::{Several, Text};

section! {
    /// Assertions of other issuers that speak for users of this server (RFC 7523 section 2.1).
    JwtBearer at "jwt_bearer." {
        /// Whose assertions are accepted, joined by commas: each is the issuer (`iss`) and the URL of its keys, and the name
        /// of the claim that holds the subject of the account here, if that is not `sub`, separated by spaces. What such an
        /// issuer signs is a sign-in of any user of this server: name only issuers that are trusted that far.
        issuers: Vec<String> = Several(Text("an issuer and the URL of its keys")), example "https://idp.example.org https://idp.example.org/jwks";
    }
}
