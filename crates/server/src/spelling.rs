//! Which known name was probably meant by one that is unknown.

/// The candidate with the smallest edit distance, in which two letters that changed places count once, if that is one letter or at most a third of the word.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let measured = candidates.into_iter().map(|candidate| (strsim::osa_distance(word, candidate), candidate));
    let (distance, candidate) = measured.min()?;
    (distance <= (word.chars().count() / 3).max(1)).then_some(candidate)
}

/// `; did you mean ..?`, or nothing.
pub fn suggestion<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> String {
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
        assert_eq!(nearest("emial", ["openid", "email"]), Some("email"));
        assert_eq!(nearest("mail.smtp", known), None);
        assert_eq!(suggestion("isuer", known), "; did you mean `issuer`?");
    }
}
