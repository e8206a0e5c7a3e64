//! Every reason to refuse a request at an API: its rule, its registered code, what the caller is told.
//!
//! A reason is one row in the file of its family below `reason/`; everything that is said of it stands there.

#[macro_use]
mod rows;
#[macro_use]
mod issuer;
#[macro_use]
mod local;
#[macro_use]
mod policy;
#[macro_use]
mod proof;
#[macro_use]
mod request;
#[macro_use]
mod token;

use protocol::ErrorCode;

use crate::limits::{LOOKUP_SECONDS, RETRY_AFTER_SECONDS};

reasons! { of request token proof policy issuer local }

impl Reason {
    /// The HTTP status: 400, 401, 403 or 503, and 500 only for [`Reason::GuardMissing`].
    pub const fn status(self) -> u16 {
        match self.code() {
            // 400 is for token requests; here these are failed authentications (RFC 9449 §7.1, §9).
            Some(ErrorCode::InvalidDpopProof | ErrorCode::UseDpopNonce) | None => 401,
            Some(code) => code.status(),
        }
    }

    /// `Retry-After` of a 503, in seconds.
    pub(crate) fn retry_after(self) -> i64 {
        match self {
            Self::KeyUnavailable => LOOKUP_SECONDS,
            _ => i64::from(RETRY_AFTER_SECONDS),
        }
    }

    /// Whether the answer brings a nonce for the next proof.
    pub(crate) const fn wants_nonce(self) -> bool {
        matches!(self.code(), Some(ErrorCode::UseDpopNonce))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_reason_has_its_own_slug() {
        let slugs: HashSet<_> = Reason::ALL.iter().map(|reason| reason.slug()).collect();
        assert_eq!(slugs.len(), Reason::ALL.len());
    }

    #[test]
    fn only_a_route_without_a_guard_answers_500() {
        for reason in Reason::ALL {
            let expected: &[u16] =
                if *reason == Reason::GuardMissing { &[500] } else { &[400, 401, 403, 503] };
            assert!(expected.contains(&reason.status()), "{reason:?}");
        }
    }

    #[test]
    fn descriptions_keep_to_the_characters_of_rfc_6750() {
        let fits = |b: u8| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        for reason in Reason::ALL {
            let text = reason.description();
            assert!(!text.is_empty() && text.bytes().all(fits), "{reason:?}");
        }
    }

    #[test]
    fn every_rule_is_a_sentence_without_links_of_rustdoc() {
        for reason in Reason::ALL {
            let rule = reason.rule();
            assert!(
                rule.ends_with('.') && !rule.contains("[`") && !rule.contains("  "),
                "{reason:?}: {rule}"
            );
        }
    }
}
