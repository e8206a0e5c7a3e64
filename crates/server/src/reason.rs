//! Every reason to refuse a request: the rule it enforces, its registered code, what the peer is told.
//!
//! A reason is one row in the file of its family below `reason/`; everything that is said of it stands there.

#[macro_use]
mod rows;
#[macro_use]
mod access;
#[macro_use]
mod authorize;
#[macro_use]
mod client;
#[macro_use]
mod grant;
#[macro_use]
mod page;
#[macro_use]
mod proof;
#[macro_use]
mod registration;
#[macro_use]
mod request;

use protocol::ErrorCode;

/// How much attention a refusal deserves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Honest clients cause it: a typing error, a late answer.
    Plain,
    /// Attacks look like it: it goes to the audit trail as a warning.
    Suspicious,
}

reasons! { of request client registration grant proof access page authorize }

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6749 §5.2: `error_description` holds neither quotes nor backslashes, and only ASCII.
    #[test]
    fn descriptions_hold_only_what_rfc_6749_section_5_2_allows() {
        let fits = |b: u8| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        for reason in Reason::ALL {
            let text = reason.description();
            assert!(!text.is_empty() && text.bytes().all(fits), "{reason:?}: {text}");
        }
        for name in ["client_id", "token", "state", "nonce", "\"", "any other"] {
            for reason in [Reason::ParameterMissing(name), Reason::ParameterTooLong(name)] {
                assert!(reason.description().bytes().all(fits), "{reason:?}");
            }
        }
    }

    /// A caller who guesses learns from the answer only that it was wrong: not whether the client exists, which key or
    /// method it registered, or whether a code or refresh token was ever issued, and to whom.
    #[test]
    fn the_public_text_never_says_which_part_of_a_credential_was_wrong() {
        let alike: [&[Reason]; 3] = [
            &[
                Reason::ClientUnknown,
                Reason::ClientDisabled,
                Reason::ClientSecretWrong,
                Reason::ClientSecretMissing,
                Reason::ClientMethodNotRegistered,
                Reason::AssertionMalformed,
                Reason::AssertionSignatureWrong,
                Reason::AssertionClaimWrong,
                Reason::AssertionExpired,
                Reason::AssertionReplayed,
                Reason::AssertionKeysUnavailable,
                Reason::ClientCertificateMissing,
                Reason::ClientCertificateUntrusted,
                Reason::ClientCertificateMismatch,
                Reason::ClientCertificatesUnavailable,
                Reason::IntrospectionNotAllowed,
            ],
            &[Reason::CodeUnknown, Reason::CodeReused, Reason::CodeClientMismatch],
            &[Reason::RefreshUnknown, Reason::RefreshReuseDetected, Reason::RefreshClientMismatch],
        ];
        for group in alike {
            for reason in group {
                assert_eq!(reason.description(), group[0].description(), "{reason:?}");
                assert_eq!(reason.code(), group[0].code(), "{reason:?}");
            }
        }
        let silent = |reason: &&Reason| reason.code() == ErrorCode::InvalidClient;
        for reason in Reason::ALL.iter().filter(silent) {
            // What can be said of a request that holds no client's credential that could be tried.
            let spoken = matches!(reason, Reason::BasicMalformed | Reason::AuthorizeClientUnknown);
            let text = if spoken { reason.description() } else { "Client authentication failed" };
            assert_eq!(reason.description(), text, "{reason:?}");
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
