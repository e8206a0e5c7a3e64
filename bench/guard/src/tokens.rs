//! The tokens for all guards of a run.

use passavant_testkit::Authority;

use crate::AUDIENCE;

/// The authorization server of the run, and the tokens it issues.
pub(crate) struct Tokens<'a> {
    pub(crate) authority: &'a Authority,
}

impl Tokens<'_> {
    /// A new ES256 JWT access token (RFC 9068) with a scope, for an hour.
    pub(crate) fn jwt(&self) -> String {
        let token = self.authority.token(AUDIENCE).subject("alice").client("shop");
        token.scope("notes.read notes.write").expires_in(3_600).sign()
    }

    /// A new opaque token with the same claims.
    pub(crate) fn opaque(&self) -> String {
        let token = self.authority.token(AUDIENCE).subject("alice").client("shop");
        token.scope("notes.read notes.write").expires_in(3_600).opaque()
    }
}
