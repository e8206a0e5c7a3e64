//! `[pkce]`: who must use it.

use super::super::kind::OneOf;

section! {
    /// Proof Key for Code Exchange (RFC 7636), always with `S256`.
    Pkce at "pkce." {
        /// Who must use PKCE (RFC 9700 section 2.1.1). `required`: every client, unless its own `require_pkce` is
        /// `false`. `public`: public clients, and confidential ones without `openid` and a `nonce`. A confidential client
        /// with `require_pkce` `false` needs neither; a public one always needs it.
        policy: PkcePolicy = OneOf(&[("required", PkcePolicy::Required), ("public", PkcePolicy::Public)]), default "required";
    }
}

/// Who must use PKCE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PkcePolicy {
    /// Every client.
    Required,
    /// Public clients.
    Public,
}
