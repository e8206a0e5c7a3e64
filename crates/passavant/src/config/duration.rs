//! Durations as people write them: `"10 minutes"`, `"90 s"`, `"1h 30m"`, `"30d"`; a bare number is seconds.

use std::time::Duration;

/// A minute, in seconds.
pub(crate) const MINUTE: u64 = 60;
/// An hour, in seconds.
pub(crate) const HOUR: u64 = 60 * MINUTE;
/// A day, in seconds.
pub(crate) const DAY: u64 = 24 * HOUR;

/// Every unit: what it may be called, and its seconds. The last name is the one that is printed for several of them.
const UNITS: &[(&[&str], u64)] = &[
    (&["s", "sec", "secs", "second", "seconds"], 1),
    (&["m", "min", "mins", "minute", "minutes"], MINUTE),
    (&["h", "hr", "hrs", "hour", "hours"], HOUR),
    (&["d", "day", "days"], DAY),
    (&["w", "week", "weeks"], 7 * DAY),
];

/// Units that durations are printed in, longest first.
const PRINTED: &[(&str, u64)] = &[("day", DAY), ("hour", HOUR), ("minute", MINUTE), ("second", 1)];

/// Reads a duration: numbers, each with its unit, or one number of seconds.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    if let Ok(seconds) = rest.parse::<u64>() {
        return rest.bytes().all(|byte| byte.is_ascii_digit()).then(|| Duration::from_secs(seconds));
    }
    let (mut total, mut terms) = (0_u64, 0);
    while !rest.is_empty() {
        let (number, after) = split(rest, |c| c.is_ascii_digit());
        let (unit, after) = split(after.trim_start(), |c| c.is_ascii_alphabetic());
        let (_, seconds) = UNITS.iter().find(|(names, _)| names.contains(&unit))?;
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(*seconds)?)?;
        terms += 1;
        rest = after.trim_start();
    }
    (terms > 0).then(|| Duration::from_secs(total))
}

/// Writes whole seconds in the longest unit that holds them: `"90 minutes"`, `"1 day"`.
pub(crate) fn print(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let fits = |(_, unit): &&(&str, u64)| seconds != 0 && seconds.is_multiple_of(*unit);
    let (name, unit) = PRINTED.iter().find(fits).copied().unwrap_or(("second", 1));
    match seconds / unit {
        1 => format!("1 {name}"),
        count => format!("{count} {name}s"),
    }
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_every_unit_and_bare_numbers_are_seconds() {
        for (text, seconds) in [
            ("0", 0),
            ("90", 90),
            ("90 s", 90),
            ("10 minutes", 600),
            ("1 hour", HOUR),
            ("1h 30m", 5_400),
            ("1h30min", 5_400),
            ("30d", 30 * DAY),
            (" 2 weeks ", 14 * DAY),
        ] {
            assert_eq!(parse(text), Some(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_not_a_duration() {
        let overflow = format!("{} weeks", u64::MAX);
        for text in ["", "minutes", "-1", "+1", "1.5 h", "10 fortnights", "1h 30", "5 M", "1 h,", &overflow] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn printed_duration_parses_to_the_same_value() {
        for (seconds, text) in
            [(0, "0 seconds"), (1, "1 second"), (90, "90 seconds"), (5_400, "90 minutes"), (DAY, "1 day")]
        {
            let duration = Duration::from_secs(seconds);
            assert_eq!((print(duration).as_str(), parse(text)), (text, Some(duration)));
        }
    }
}
