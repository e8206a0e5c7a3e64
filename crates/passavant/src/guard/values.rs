//! What flags of the guard hold: words that the help lists, durations, sizes, origins, networks.

use std::time::Duration;

use clap::ValueEnum;
use resource::limits::LEEWAY_SECONDS_MAX;
use serving::{Network, limits::HEAD_BYTES_MOST};

use super::{limits::UPSTREAM_SECONDS_MAX, upstream::Origin};
use crate::config::{parse_duration, print_duration};

/// How tokens are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TokenMode {
    /// JWTs of the issuer by its keys, anything else by introspection
    Auto,
    /// JWTs only, by the keys of the issuer
    Jwt,
    /// Every token by introspection
    Introspection,
}

/// The form of introspection answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ResponseForm {
    /// A JWT with a decryption key, either form without one
    Auto,
    /// JSON
    Json,
    /// A signed JWT (RFC 9701)
    Jwt,
}

/// How the guard authenticates when it introspects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ClientAuthMethod {
    /// Id and secret in the Authorization header
    Basic,
    /// Id and secret in the body
    Post,
    /// The secret is an access token
    Bearer,
}

/// Tokens that are bound to a key (RFC 9449).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum DpopMode {
    /// Refused, since nobody would check their proofs
    Off,
    /// Accepted with their proofs, beside tokens that are not bound
    Accept,
    /// Nothing else is accepted
    Require,
}

/// The word of a value, as its flag and its variable have it.
pub(super) fn word(value: impl ValueEnum) -> Option<String> {
    value.to_possible_value().map(|value| value.get_name().to_owned())
}

/// The longest time that introspection answers can be kept, in seconds.
const CACHE_SECONDS_MAX: u64 = 3_600;

/// How long introspection answers are kept.
pub(super) fn cache(text: &str) -> Result<Duration, String> {
    duration(text, 0, CACHE_SECONDS_MAX)
}

/// How far clocks may differ.
pub(super) fn leeway(text: &str) -> Result<Duration, String> {
    duration(text, 0, LEEWAY_SECONDS_MAX.unsigned_abs())
}

/// The longest head of a request, in bytes.
pub(super) fn head_bytes(text: &str) -> Result<usize, String> {
    let bytes = size(text)?;
    let within = usize::try_from(bytes).ok().filter(|bytes| (8 * 1024..=HEAD_BYTES_MOST).contains(bytes));
    within.ok_or_else(|| "expected a size from 8 KiB to 128 KiB".to_owned())
}

/// How long an answer of the upstream may take to begin.
pub(super) fn upstream_deadline(text: &str) -> Result<Duration, String> {
    duration(text, 1, UPSTREAM_SECONDS_MAX)
}

fn duration(text: &str, min: u64, max: u64) -> Result<Duration, String> {
    let duration = parse_duration(text).filter(|duration| (min..=max).contains(&duration.as_secs()));
    duration.ok_or_else(|| {
        let [min, max] = [min, max].map(|seconds| print_duration(Duration::from_secs(seconds)));
        format!("expected a duration from {min} to {max} such as \"90 s\", or a number of seconds")
    })
}

/// A number of bytes, with or without a unit.
pub(super) fn size(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 4] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("B", 1)];
    let named = UNITS.iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit)));
    let (number, unit) = named.unwrap_or((text, 1));
    let bytes = number.trim().parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    bytes.ok_or_else(|| "expected a size such as \"64 MiB\", or a number of bytes".to_owned())
}

/// An address, or all that share a prefix.
pub(super) fn network(text: &str) -> Result<Network, String> {
    Network::parse(text).ok_or_else(|| "expected an address or a network such as 10.0.0.0/8".to_owned())
}

/// The server behind the guard.
pub(super) fn origin(text: &str) -> Result<Origin, String> {
    Origin::parse(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_bytes_or_has_a_unit() {
        for (text, bytes) in [("0", 0), ("512", 512), ("64 MiB", 64 << 20), ("4GiB", 4 << 30), ("7 B", 7)] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "-1", "1.5 MiB", "64 MB", "MiB", "99999999999 GiB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_duration_is_within_its_range() {
        assert_eq!(upstream_deadline("90 s"), Ok(Duration::from_secs(90)));
        assert_eq!(upstream_deadline("1 hour"), Ok(Duration::from_secs(3_600)));
        for text in ["0", "61 minutes", "soon"] {
            let refused = upstream_deadline(text).expect_err("refused");
            assert!(refused.starts_with("expected a duration from 1 second to 1 hour"), "{refused}");
        }
        assert_eq!(cache("0"), Ok(Duration::ZERO));
    }

    #[test]
    fn flag_values_match_the_variables() {
        assert_eq!(word(TokenMode::Introspection).as_deref(), Some("introspection"));
        assert_eq!(word(ResponseForm::Jwt).as_deref(), Some("jwt"));
        assert_eq!(word(ClientAuthMethod::Bearer).as_deref(), Some("bearer"));
        assert_eq!(word(DpopMode::Require).as_deref(), Some("require"));
    }
}
