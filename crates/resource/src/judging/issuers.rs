//! The issuers that a guard trusts, and whose a token is: by the name in it, never by trying one after the other.

use std::sync::Arc;

use jose::Claims;
use jose::jws::Unverified;
use protocol::display::Shown;

use crate::judging::expected::ExpectedToken;
use crate::judging::policy::Policy;
use crate::judging::verifier::Verifier;
use crate::limits::ISSUERS_MAX;
use crate::reason::Reason;

/// The claim that says who the user is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SubjectClaim {
    /// `sub`: never given to somebody else, by the same issuer.
    #[default]
    Sub,
    /// `username` (RFC 7662 §2.2), for servers that put no `sub` in introspection answers. Only an introspected token
    /// has one, and a server may give a name to somebody else later.
    Username,
}

/// One issuer, and what its tokens must be like.
pub(crate) struct Trusted {
    pub(crate) expected: ExpectedToken,
    /// What every request with a token of this issuer needs.
    pub(crate) required: Policy,
    pub(crate) subject: SubjectClaim,
    pub(crate) verifier: Verifier,
}

/// All of them; at least one.
pub(crate) struct Issuers {
    trusted: Vec<Arc<Trusted>>,
    /// Whose the tokens are that do not say whose they are.
    opaque: Option<Arc<Trusted>>,
}

/// Why these issuers can't stand behind one guard.
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
    /// [`IssuersError`] where it would not be clear whose a token is.
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

    /// The one that the guard was made for.
    pub(crate) fn first(&self) -> &Arc<Trusted> {
        &self.trusted[0]
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Trusted>> {
        self.trusted.iter()
    }

    /// Whose this token is. A JWT is the issuer's that it names, and refused if that is none of these: it is shown
    /// to nobody else. Everything else belongs to the one that introspects.
    pub(crate) fn whose(&self, token: &str) -> Result<&Arc<Trusted>, Reason> {
        if let [only] = &self.trusted[..] {
            return Ok(only);
        }
        let claimed = Unverified::parse(token).ok();
        let Some(claimed) = claimed.and_then(|jwt| Claims::parse(jwt.payload_unverified()).ok()) else {
            return self.opaque();
        };
        let Some(named) = claimed.string("iss").map_err(|_| Reason::ClaimMalformed)? else {
            return self.opaque();
        };
        let found = self.trusted.iter().find(|one| one.expected.issuer.as_str() == named);
        found.ok_or_else(|| {
            tracing::debug!(found = %Shown(named), "the issuer is none of those that are trusted");
            Reason::IssuerWrong
        })
    }

    fn opaque(&self) -> Result<&Arc<Trusted>, Reason> {
        self.opaque.as_ref().ok_or(Reason::TokenMalformed)
    }
}
