//! The trusted issuers of a guard. A token belongs to the issuer that it names; issuers are never tried in turn.

use std::sync::Arc;

use jose::Claims;
use jose::jws::Unverified;
use protocol::Difference;

use crate::judging::expected::ExpectedToken;
use crate::judging::policy::Policy;
use crate::judging::refused::Refused;
use crate::judging::verifier::Verifier;
use crate::limits::{ISSUERS_MAX, TOKEN_BYTES_MOST};
use crate::reason::Reason;

/// The claim that says who the user is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SubjectClaim {
    /// `sub`, which an issuer never reassigns.
    #[default]
    Sub,
    /// `username` (RFC 7662 §2.2), for servers that omit `sub` in introspection answers. Only an introspected token
    /// has one, and a server may reassign it.
    Username,
}

/// One issuer, and what its tokens must be like.
pub(crate) struct Trusted {
    pub(crate) expected: ExpectedToken,
    /// The requirements of every request with a token of this issuer.
    pub(crate) required: Policy,
    pub(crate) subject: SubjectClaim,
    pub(crate) verifier: Verifier,
}

/// The trusted issuers, at least one.
pub(crate) struct Issuers {
    trusted: Vec<Arc<Trusted>>,
    /// The issuer of tokens that do not name theirs.
    opaque: Option<Arc<Trusted>>,
}

/// Why one guard can't trust these issuers together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum IssuersError {
    TooMany,
    Duplicate(String),
    /// Two of them introspect.
    OpaqueTwice,
}

impl Issuers {
    /// # Errors
    ///
    /// [`IssuersError`] if the issuer of a token would be ambiguous.
    pub(crate) fn new(trusted: Vec<Arc<Trusted>>) -> Result<Self, IssuersError> {
        if trusted.len() > ISSUERS_MAX {
            return Err(IssuersError::TooMany);
        }
        for (place, one) in trusted.iter().enumerate() {
            if trusted[..place].iter().any(|other| other.expected.issuer == one.expected.issuer) {
                return Err(IssuersError::Duplicate(one.expected.issuer.to_string()));
            }
        }
        let mut asking = trusted.iter().filter(|one| one.verifier.introspects());
        let opaque = asking.next().cloned();
        if asking.next().is_some() {
            return Err(IssuersError::OpaqueTwice);
        }
        Ok(Self { trusted, opaque })
    }

    /// The issuer of the first builder.
    pub(crate) fn first(&self) -> &Arc<Trusted> {
        &self.trusted[0]
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Trusted>> {
        self.trusted.iter()
    }

    /// The issuer of this token. A JWT belongs to the issuer that it names, and is refused if that is not trusted: no
    /// other issuer sees it. All other tokens belong to the issuer that introspects.
    pub(crate) fn whose(&self, token: &str) -> Result<&Arc<Trusted>, Refused> {
        if let [only] = &self.trusted[..] {
            return Ok(only);
        }
        let claimed = Unverified::parse_within(token, TOKEN_BYTES_MOST).ok();
        let Some(claimed) = claimed.and_then(|jwt| Claims::parse(jwt.payload_unverified()).ok()) else {
            return Ok(self.opaque()?);
        };
        let Some(named) = claimed.string("iss").map_err(|_| Reason::ClaimMalformed)? else {
            return Ok(self.opaque()?);
        };
        let found = self.trusted.iter().find(|one| one.expected.issuer.as_str() == named);
        found.ok_or_else(|| {
            let trusted: Vec<_> = self.iter().map(|trusted| trusted.expected.issuer.as_str()).collect();
            Refused::differing(Reason::IssuerWrong, Difference::new("iss", named, trusted.join(" or ")))
        })
    }

    fn opaque(&self) -> Result<&Arc<Trusted>, Reason> {
        self.opaque.as_ref().ok_or_else(|| {
            self.first().verifier.note_opaque();
            Reason::TokenMalformed
        })
    }
}
