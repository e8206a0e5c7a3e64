//! Chooses how a token is judged: by its signature, or by introspection.

use std::sync::Arc;

use jose::jws::Unverified;

use crate::judging::authorization::Judgement;
use crate::judging::introspection::Introspector;
use crate::judging::jwt::JwtVerifier;
use crate::judging::opaque::OpaqueNotice;
use crate::judging::tokeninfo::TokenInfo;
use crate::limits::TOKEN_BYTES_MOST;
use crate::reason::Reason;

/// How tokens are judged. The choice depends on issuer and form; the two ways are never tried in turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// A JWT that names the issuer is verified locally; every other token is introspected, if that is configured.
    #[default]
    Auto,
    /// Every token is a JWT and is verified locally. A revocation stays unnoticed until `exp`.
    Jwt,
    /// Every token is introspected.
    Introspection,
}

/// Both ways, and the choice between them.
pub(crate) struct Verifier {
    pub(crate) mode: Mode,
    pub(crate) jwt: JwtVerifier,
    pub(crate) introspector: Option<Arc<Introspector>>,
    /// Asked instead of the introspector.
    pub(crate) tokeninfo: Option<Arc<TokenInfo>>,
    pub(crate) opaque: OpaqueNotice,
}

impl Verifier {
    /// Whether it accepts tokens that do not name their issuer.
    pub(crate) fn introspects(&self) -> bool {
        (self.introspector.is_some() || self.tokeninfo.is_some()) && self.mode != Mode::Jwt
    }

    /// Judges the token.
    pub(crate) async fn verify(&self, token: &str) -> Judgement {
        if let Some(tokeninfo) = self.tokeninfo.as_ref().filter(|_| self.mode != Mode::Jwt) {
            return tokeninfo.ask(token).await;
        }
        if self.mode != Mode::Introspection
            && let Some(kept) = self.jwt.kept(token)
        {
            return Ok(kept);
        }
        match (&self.introspector, self.mode) {
            (Some(introspector), Mode::Introspection) => introspector.ask(token).await,
            (Some(introspector), Mode::Auto) => match self.own_jwt(token) {
                Some(jwt) => self.jwt.judge(token, jwt).await,
                None => introspector.ask(token).await,
            },
            (_, Mode::Jwt) | (None, _) => {
                let jwt = Unverified::parse_within(token, TOKEN_BYTES_MOST).map_err(|error| {
                    tracing::debug!(%error, "the token is not a JWT, and introspection is not configured");
                    if self.mode == Mode::Auto {
                        self.note_opaque();
                    }
                    Reason::TokenMalformed
                })?;
                self.jwt.judge(token, jwt).await
            }
        }
    }

    /// Notes that an opaque token was refused, since nothing introspects.
    pub(crate) fn note_opaque(&self) {
        let remote = &self.jwt.0;
        self.opaque.say(&remote.expected.issuer, remote.now());
    }

    fn own_jwt<'a>(&self, token: &'a str) -> Option<Unverified<'a>> {
        let jwt = Unverified::parse_within(token, TOKEN_BYTES_MOST).ok()?;
        self.jwt.is_for(&jwt).then_some(jwt)
    }
}
