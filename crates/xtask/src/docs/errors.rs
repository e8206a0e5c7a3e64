//! `docs/errors.md`: every reason to refuse, with its rule and its registered code, read from `server/src/reason.rs`.

use std::{collections::BTreeMap, fmt::Write as _};

use anyhow::Context as _;

/// Where the reasons are.
pub(super) const SOURCE: &str = "crates/server/src/reason.rs";

const HEAD: &str = "\
# Reasons to refuse

Made by `cargo xtask docs --write` from `server::Reason`. The word stands in pages, logs and metrics; the code is what the
peer reads; the rule is why. What the peer is told beside the code never says which part of a credential was wrong.

| reason | code | rule |
|---|---|---|
";

pub(super) fn page(source: &str) -> anyhow::Result<String> {
    let codes = codes(source).context("the match of `code`")?;
    let body = between(source, "pub enum Reason {", "\n}").context("the enum")?;
    let (mut page, mut rule) = (HEAD.to_owned(), String::new());
    for line in body.lines().map(str::trim) {
        if let Some(words) = line.strip_prefix("///") {
            rule.push_str(words);
        } else if let Some(name) = line.strip_suffix(',').map(|line| line.split('(').next().unwrap_or(line)) {
            let code = codes.get(name).with_context(|| format!("{name} has no code"))?;
            writeln!(page, "| `{}` | `{code}` | {} |", snake(name), rule.trim().replace('|', "\\|"))?;
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
            codes.extend(waiting.drain(..).map(|name| (name, snake(code))));
        }
    }
    Some(codes)
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
        let page = page(source).expect("a page");
        assert!(page.contains("| `code_unknown` | `invalid_grant` | No such code. |"), "{page}");
        assert!(page.contains("| `parameter_missing` | `invalid_request` | Missing. |"), "{page}");
    }
}
