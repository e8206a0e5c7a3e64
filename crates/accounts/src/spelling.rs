//! One spelling for names and passwords, since keyboards and systems write the same text in different code points.

use icu_normalizer::ComposingNormalizerBorrowed;
use zeroize::Zeroizing;

/// The spelling in which usernames are compared: without compatibility variants, in lower case, composed (RFC 8265 §3.3;
/// NFKC for its width mapping and for what it forbids, so that two accounts can't differ in such characters only).
pub(crate) fn name(text: &str) -> String {
    let nfkc = ComposingNormalizerBorrowed::new_nfkc();
    let lower = nfkc.normalize(text).to_lowercase().replace('\u{3c2}', "\u{3c3}");
    nfkc.normalize(&lower).trim().to_owned()
}

/// The spelling in which passwords are hashed: every space as U+0020 (RFC 8265 §4.2), NFKC (NIST SP 800-63B §3.1.1.2).
pub(crate) fn password(text: &str) -> Zeroizing<String> {
    if text.is_ascii() {
        return Zeroizing::new(text.to_owned());
    }
    let spaced = Zeroizing::new(text.chars().map(|c| if is_space(c) { ' ' } else { c }).collect::<String>());
    Zeroizing::new(ComposingNormalizerBorrowed::new_nfkc().normalize(&spaced).into_owned())
}

/// The space separators of Unicode, general category Zs.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_are_one() {
        for (one, other) in [
            ("Jos\u{e9}", "jose\u{301}"),
            ("\u{ff21}lice", "alice"),
            ("\u{212b}ngstr\u{f6}m", "\u{e5}ngstro\u{308}m"),
            ("\u{39d}\u{399}\u{39a}\u{39f}\u{3a3}", "\u{3bd}\u{3b9}\u{3ba}\u{3bf}\u{3c3}"),
            ("\u{fb01}n", "FIN"),
        ] {
            assert_eq!(name(one), name(other));
        }
        assert_ne!(name("josé"), name("jose"));
    }

    #[test]
    fn spellings_of_one_password_are_one_and_its_case_counts() {
        for (one, other) in [
            ("pa\u{308}ss", "p\u{e4}ss"),
            ("a\u{a0}b\u{1680}c", "a b c"),
            ("\u{ff11}\u{ff12}", "12"),
            ("\u{1e9b}\u{323}", "\u{1e69}"),
        ] {
            assert_eq!(*password(one), *password(other));
        }
        assert_ne!(*password("Ä"), *password("ä"));
        assert_eq!(*password(" a "), " a ");
    }
}
