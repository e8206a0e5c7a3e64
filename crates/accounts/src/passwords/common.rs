//! The most common passwords, which every guesser tries first (NIST SP 800-63B §3.1.1.2).
//!
//! `common.txt` is made of the password list of zxcvbn, whose license is in `common.license.txt`, and of newer ones.

/// In lower case, one a line, in the order of their bytes.
const COMMON: &str = include_str!("common.txt");

/// Whether a password is one of the most common, whatever its case.
pub(super) fn is_common(password: &str) -> bool {
    let word = password.to_lowercase();
    let mut left = COMMON;
    while !left.is_empty() {
        let middle = left.floor_char_boundary(left.len() / 2);
        let start = left[..middle].rfind('\n').map_or(0, |newline| newline + 1);
        let end = left[start..].find('\n').map_or(left.len(), |length| start + length);
        match left.as_bytes()[start..end].cmp(word.as_bytes()) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => left = left.get(end + 1..).unwrap_or_default(),
            std::cmp::Ordering::Greater => left = &left[..start],
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_list_is_found() {
        let lines: Vec<_> = COMMON.lines().collect();
        assert!(lines.len() > 10_000 && lines.is_sorted_by_key(|line| line.as_bytes()));
        for line in lines {
            assert!(is_common(line) && line == line.to_lowercase(), "{line}");
        }
    }

    #[test]
    fn case_does_not_make_a_password_uncommon_and_others_are_not_found() {
        assert!(is_common("PassWord") && is_common("Password123"));
        for other in
            ["", "\n", "correct-horse", "password\n", "zzzzzzzzzzzzzzzzzzzz", "!", "passwor\u{64}\u{301}"]
        {
            assert!(!is_common(other), "{other}");
        }
    }
}
