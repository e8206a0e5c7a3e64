//! Lifetimes of tokens on the command line.

/// Longest lifetime, in seconds: ten years.
const LIFETIME_SECONDS_MAX: i64 = 3650 * 86_400;

/// Reads `365d`, `12h`, `30m` or `90s`, as seconds.
pub(super) fn parse_lifetime(text: &str) -> Result<i64, String> {
    let unit = match text.chars().last() {
        Some('d') => Some(86_400),
        Some('h') => Some(3_600),
        Some('m') => Some(60),
        Some('s') => Some(1),
        Some(_) | None => None,
    };
    let number = text.get(..text.len().saturating_sub(1)).and_then(|digits| digits.parse::<i64>().ok());
    let seconds = unit.zip(number).and_then(|(unit, number)| number.checked_mul(unit));
    match seconds {
        Some(seconds) if (1..=LIFETIME_SECONDS_MAX).contains(&seconds) => Ok(seconds),
        Some(_) => Err("at most 3650d, and more than nothing".to_owned()),
        None => Err("a number and a unit: 365d, 12h, 30m or 90s".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_is_a_number_and_a_unit() {
        assert_eq!(parse_lifetime("365d"), Ok(365 * 86_400));
        assert_eq!(parse_lifetime("90s"), Ok(90));
        for bad in ["", "d", "365", "0d", "-1d", "3651d", "1w", "99999999999999999d", "1é"] {
            assert!(parse_lifetime(bad).is_err(), "{bad}");
        }
    }
}
