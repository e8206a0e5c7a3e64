//! Builder methods for tokens that differ from RFC 9068: where scopes, roles and the client are, and what may be absent.

use std::time::Duration;

use crate::face::builder::GuardBuilder;
use crate::face::error::GuardError;
use crate::judging::claim_path::ClaimPath;
use crate::judging::kind::UntypedRule;
use crate::judging::shape::TokenShape;
use crate::limits::{LEEWAY_SECONDS_MAX, TOKEN_BYTES_MAX, TOKEN_BYTES_MOST};

/// Which claims came with a preset, and are replaced by the first that is named.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Preset {
    pub(super) scopes: bool,
    pub(super) roles: bool,
}

impl GuardBuilder {
    /// Accepts JWTs whose `typ` is `JWT` or absent, as most servers issue them, besides `at+jwt` (RFC 9068 §2.1).
    ///
    /// **The type no longer tells access tokens from ID tokens and other JWTs of the issuer; only their claims do**: the
    /// token must have `client_id`, `scope`, `scp` or a claim of [`GuardBuilder::scopes_from`], and none of `nonce`,
    /// `at_hash`, `c_hash`, `s_hash` and `events`. A preset ([`GuardBuilder::provider`]) has a stricter rule, which fits the
    /// server.
    pub fn accept_untyped_jwt(mut self) -> Self {
        self.shape.untyped.get_or_insert(UntypedRule::GENERIC);
        self
    }

    /// Reads the scopes of a JWT from this claim, instead of from `scope`: a string of scopes that spaces separate, or a list
    /// of strings. Repeated calls add up; the first one after [`GuardBuilder::provider`] replaces the claims of the preset. An introspected token has the scopes of its `scope` as well (RFC 7662 §2.2).
    ///
    /// A claim inside of another is named with dots (`realm_access.roles`) or by a JSON pointer
    /// (`/resource_access/my.api/roles`). **Whoever may assign values of this claim, such as roles, assigns scopes.**
    ///
    /// ```
    /// use passavant_resource::Guard;
    ///
    /// let builder = Guard::builder("https://id.example.org", "https://notes.example.org")
    ///     .accept_untyped_jwt()
    ///     .scopes_from("scp")
    ///     .client_from("azp");
    /// # let _ = builder;
    /// ```
    pub fn scopes_from(mut self, claim: &str) -> Self {
        if std::mem::take(&mut self.preset.scopes) {
            self.shape.scopes.clear();
        }
        match ClaimPath::new(claim) {
            Some(path) => self.shape.scopes.push(path),
            None => self.claim_empty = true,
        }
        self
    }

    /// Reads [`Token::roles`](crate::Token::roles) from this claim, named as in [`GuardBuilder::scopes_from`]. Repeated calls
    /// add up; the first one after [`GuardBuilder::provider`] replaces the claims of the preset.
    pub fn roles_from(mut self, claim: &str) -> Self {
        if std::mem::take(&mut self.preset.roles) {
            self.shape.roles.clear();
        }
        match ClaimPath::new(claim) {
            Some(path) => self.shape.roles.push(path),
            None => self.claim_empty = true,
        }
        self
    }

    /// Reads [`Token::client`](crate::Token::client) from this claim, instead of from `client_id`: for example `azp` or `cid`.
    pub fn client_from(mut self, claim: &str) -> Self {
        self.claim_empty |= claim.is_empty();
        self.shape.client = vec![claim.to_owned()];
        self
    }

    /// Accepts JWTs without `sub`, which RFC 9068 §2.2 requires: some servers issue such tokens to machines. **Then
    /// [`Token::subject`](crate::Token::subject) is empty**, and must not be mistaken for a user.
    pub fn accept_missing_subject(mut self) -> Self {
        self.shape.subject_required = false;
        self
    }

    /// How far the clocks of the issuer and of this API may differ; 30 s by default, at most
    /// [`LEEWAY_SECONDS_MAX`]. **An expired token is accepted for that long.** Fractions of a second are dropped.
    pub fn leeway(mut self, time: Duration) -> Self {
        self.shape.leeway_seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        self
    }

    /// Longest token that is accepted, in bytes; 8 KiB by default, at most [`TOKEN_BYTES_MOST`]. **Anyone can make the guard
    /// parse a token of that length.** The HTTP server in front of the guard must accept such headers too. If a guard trusts
    /// several issuers, the largest value is that of all.
    pub fn token_bytes_max(mut self, bytes: usize) -> Self {
        self.shape.token_bytes_max = bytes;
        self
    }

    /// The checked shape.
    pub(super) fn checked_shape(&self) -> Result<TokenShape, GuardError> {
        if self.claim_empty {
            return Err(GuardError::ClaimName);
        }
        if !(0..=LEEWAY_SECONDS_MAX).contains(&self.shape.leeway_seconds) {
            return Err(GuardError::Leeway);
        }
        if !(TOKEN_BYTES_MAX..=TOKEN_BYTES_MOST).contains(&self.shape.token_bytes_max) {
            return Err(GuardError::TokenBytes);
        }
        Ok(self.shape.clone())
    }
}
