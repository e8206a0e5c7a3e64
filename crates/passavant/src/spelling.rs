//! Suggestions for mistyped names.

use strsim::levenshtein;

/// The candidate that differs least, if it differs by little: one character, or a third of the word.
pub(crate) fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let distances = candidates.into_iter().map(|candidate| (levenshtein(word, candidate), candidate));
    let (distance, nearest) = distances.min()?;
    (distance <= (word.chars().count() / 3).max(1)).then_some(nearest)
}

/// `; did you mean ..?`, or nothing.
pub(crate) fn suggestion<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> String {
    nearest(word, candidates).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_is_recognized_and_another_word_is_not() {
        let known = ["http.listen", "http.trusted_proxies", "issuer"];
        assert_eq!(nearest("http.lisen", known), Some("http.listen"));
        assert_eq!(nearest("isuer", known), Some("issuer"));
        assert_eq!(nearest("mail.smtp", known), None);
        assert_eq!(suggestion("isuer", known), "; did you mean `issuer`?");
    }
}
