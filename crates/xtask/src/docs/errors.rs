//! `docs/errors.md`: every reason to refuse, with its rule and its registered code, read from the server's and the guard's
//! `reason.rs`.

use std::{collections::BTreeMap, fmt::Write as _};

use anyhow::Context as _;

/// Where the server's reasons are.
pub(super) const SERVER: &str = "crates/server/src/reason.rs";
/// Where the guard's are.
pub(super) const GUARD: &str = "crates/resource/src/reason.rs";
/// What the guard calls them.
pub(super) const GUARD_WORDS: &str = "crates/resource/src/reason/words.rs";

const HEAD: &str = "\
# Reasons to refuse

Made by `cargo xtask docs --write` from `server::Reason` and `resource::Reason`. The word stands in pages, logs and
metrics; the code is what the peer reads; the rule is why. What the peer is told beside the code never says which part of a
credential was wrong.

## The authorization server

| reason | code | rule |
|---|---|---|
";

const GUARD_HEAD: &str = "
## The guard of an API

No code stands where no token came: that is no error (RFC 6750 §3.1).

| reason | code | rule |
|---|---|---|
";

/// The page, from the texts of the three files.
pub(super) fn page(server: &str, guard: &str, guard_words: &str) -> anyhow::Result<String> {
    let mut page = HEAD.to_owned();
    page.push_str(&rows(server, &BTreeMap::new())?);
    page.push_str(GUARD_HEAD);
    page.push_str(&rows(guard, &words(guard_words).context("the match of `slug`")?)?);
    Ok(page)
}

/// A row for each reason: by its word, where it is not the name itself.
fn rows(source: &str, words: &BTreeMap<&str, &str>) -> anyhow::Result<String> {
    let codes = codes(source).context("the match of `code`")?;
    let body = between(source, "pub enum Reason {", "\n}").context("the enum")?;
    let (mut page, mut rule) = (String::new(), String::new());
    for line in body.lines().map(str::trim) {
        if let Some(words) = line.strip_prefix("///") {
            rule.push_str(words);
        } else if let Some(name) = line.strip_suffix(',').map(|line| line.split('(').next().unwrap_or(line)) {
            let code = codes.get(name).with_context(|| format!("{name} has no code"))?;
            let word = words.get(name).map_or_else(|| snake(name), |word| (*word).to_owned());
            writeln!(page, "| `{word}` | {code} | {} |", rule.trim().replace('|', "\\|"))?;
            rule.clear();
        }
    }
    Ok(page)
}

/// The registered code of each reason: the arms of the match are alternatives, and then the code.
fn codes(source: &str) -> Option<BTreeMap<&str, String>> {
    let body = between(source, "pub const fn code", "pub const fn")?;
    let (mut codes, mut waiting) = (BTreeMap::new(), Vec::new());
    for word in body.split(|c: char| !c.is_ascii_alphanumeric() && c != ':' && c != '_') {
        if let Some(name) = word.strip_prefix("Self::") {
            waiting.push(name);
        } else if let Some(code) = word.strip_prefix("ErrorCode::") {
            codes.extend(waiting.drain(..).map(|name| (name, format!("`{}`", snake(code)))));
        } else if word == "None" {
            codes.extend(waiting.drain(..).map(|name| (name, String::new())));
        }
    }
    Some(codes)
}

/// What each reason is called: the arms of the match of `slug`.
fn words(source: &str) -> Option<BTreeMap<&str, &str>> {
    let body = between(source, "pub const fn slug", "pub const fn")?;
    fn arm(line: &str) -> Option<(&str, &str)> {
        let (name, word) = line.trim().strip_prefix("Self::")?.split_once(" => \"")?;
        Some((name, word.trim_end_matches("\",")))
    }
    Some(body.lines().filter_map(arm).collect())
}

fn between<'t>(text: &'t str, from: &str, to: &str) -> Option<&'t str> {
    let rest = text.split_once(from)?.1;
    rest.split_once(to).map(|(body, _)| body)
}

fn snake(name: &str) -> String {
    let mut text = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(character.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_listed_with_its_code_and_rule() {
        let source = "pub enum Reason {\n    /// No such\n    /// code.\n    CodeUnknown,\n    /// Missing.\n    \
             ParameterMissing(&'static str),\n}\n pub const fn code(self) -> ErrorCode {\n match self {\n \
             Self::CodeUnknown => ErrorCode::InvalidGrant,\n Self::ParameterMissing(_) => ErrorCode::InvalidRequest,\n \
             }\n }\n pub const fn severity";
        let guard = "pub enum Reason {\n    /// None came.\n    TokenMissing,\n    /// Old.\n    Expired,\n}\n \
             pub const fn code(self) {\n Self::TokenMissing => None,\n Self::Expired => \
             Some(ErrorCode::InvalidToken),\n }\n pub const fn status";
        let words =
            "pub const fn slug(self) {\n Self::TokenMissing => \"missing\",\n }\n pub const fn description";
        let page = page(source, guard, words).expect("a page");
        assert!(
            page.contains("| `missing` |  | None came. |\n| `expired` | `invalid_token` | Old. |"),
            "{page}"
        );
        assert!(page.contains("| `code_unknown` | `invalid_grant` | No such code. |"), "{page}");
        assert!(page.contains("| `parameter_missing` | `invalid_request` | Missing. |"), "{page}");
    }
}
