//! JWT access tokens, verified here with the issuer's published keys (RFC 9068 §4).

use std::sync::Arc;

use jose::Claims;
use jose::jws::Unverified;

use crate::claims::{self, Authorization};
use crate::reason::Reason;
use crate::remote::Remote;

/// The media type of a JWT access token, in `typ`.
const TYPE: &str = "at+jwt";

/// Verifies JWT access tokens of one issuer.
pub(crate) struct JwtVerifier(pub(crate) Arc<Remote>);

impl JwtVerifier {
    /// What the token allows. A token of another issuer is refused before anything is fetched for it.
    pub(crate) async fn verify(&self, token: Unverified<'_>) -> Result<Authorization, Reason> {
        let remote = &self.0;
        if !token.is_type(TYPE) {
            return Err(Reason::TypeWrong);
        }
        let claimed = Claims::parse(token.payload_unverified()).map_err(|_| Reason::TokenMalformed)?;
        claims::issuer(claims::text(&claimed, "iss")?.ok_or(Reason::ClaimMissing)?, &remote.expected)?;
        let verified = remote.keys.verify(token, &remote.algorithms).await?;
        let claims = verified.claims().map_err(|_| Reason::TokenMalformed)?;
        claims::access_token(claims, &remote.expected, remote.now())
    }

    /// Whether the token says of itself that it is this issuer's: to choose how it is judged, and nothing else.
    pub(crate) fn is_for(&self, token: &Unverified<'_>) -> bool {
        let claimed = Claims::parse(token.payload_unverified());
        claimed.is_ok_and(|claims| claims.string("iss") == Ok(Some(self.0.expected.issuer.as_str())))
    }
}
