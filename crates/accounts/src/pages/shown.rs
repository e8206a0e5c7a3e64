//! Untrusted text, made harmless before a page shows it. The templates escape it for HTML.

/// Longest name that is shown, in characters.
pub(crate) const NAME_CHARS_MAX: usize = 80;

/// Longest sentence or value that is shown, in characters.
pub(crate) const TEXT_CHARS_MAX: usize = 400;

/// Replaces what would make the text deceptive by `\u{fffd}`: control characters, characters that change the direction of
/// writing, invisible ones and line breaks. Truncates it after `chars_max`.
pub(crate) fn shown(text: &str, chars_max: usize) -> String {
    let mut shown: String = text
        .chars()
        .take(chars_max)
        .map(|c| if is_deceptive(c) { char::REPLACEMENT_CHARACTER } else { c })
        .collect();
    if text.chars().nth(chars_max).is_some() {
        shown.push('…');
    }
    shown
}

/// The letter of a badge.
pub(crate) fn initial(name: &str) -> String {
    let letter = name.chars().find(|c| c.is_alphanumeric());
    letter.map_or_else(|| "·".to_owned(), |letter| letter.to_uppercase().collect())
}

fn is_deceptive(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'
                | '\u{200e}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deceptive_characters_are_replaced() {
        for bad in [
            '\0',
            '\n',
            '\u{85}',
            '\u{202e}',
            '\u{2066}',
            '\u{200f}',
            '\u{200b}',
            '\u{feff}',
            '\u{2028}',
            '\u{e0041}',
        ] {
            assert_eq!(shown(&format!("a{bad}b"), 80), "a\u{fffd}b", "{:x}", u32::from(bad));
        }
    }

    #[test]
    fn ordinary_text_of_any_script_is_kept() {
        for good in ["Ärzte & Söhne", "متجر", "نامه\u{200c}ای", "写真", "👩\u{200d}🌾"] {
            assert_eq!(shown(good, 80), good);
        }
    }

    #[test]
    fn long_text_is_truncated() {
        assert_eq!(shown("abcdef", 3), "abc…");
        assert_eq!(shown("abc", 3), "abc");
    }

    #[test]
    fn a_badge_shows_the_first_letter_or_a_dot() {
        assert_eq!((initial("« été »"), initial("★"), initial("")), ("É".into(), "·".into(), "·".into()));
    }
}
