//! The reasons of both crates side by side: one grammar of slugs, and `docs/errors.md`, which is made of them.

use std::{collections::BTreeSet, fmt::Write as _, path::Path};

use protocol::ErrorCode;

const HEAD: &str = "\
# Reasons to refuse

Made by `cargo xtask docs --write` from `server::Reason` and `resource::Reason`. The slug stands in pages, logs and
metrics; the code is what the peer reads; the rule is why. What the peer is told beside the code never says which part of a
credential was wrong.

A slug says the thing and then what is wrong with it: `client_secret_wrong`, `code_expired`, `key_unknown`. It is stable: a
new spelling is a breaking change. A slug that both tables have means the same in both.

## The authorization server

| slug | code | rule |
|---|---|---|
";

const GUARD_HEAD: &str = "
## The guard of an API

No code stands where no token came: that is no error (RFC 6750 §3.1).

| slug | code | rule |
|---|---|---|
";

/// What can be wrong with a thing: one of these ends every slug. A new one belongs here only if none of these says it.
const WRONG: [&str; 42] = [
    "bound",          // to a key, and sent as if it were not
    "cross_site",     // it comes from another site
    "denied",         // by the user
    "disabled",       // by an operator
    "ended",          // revoked, or its session is over
    "expired",        // past its lifetime
    "failed",         // a question of ours that got no usable answer
    "inactive",       // unknown, expired or revoked: which one is not known or not told
    "insufficient",   // too little of it
    "invalid",        // a value that is not one of those allowed
    "malformed",      // it breaks the grammar of its kind
    "mismatch",       // it differs from what was registered or sent before
    "missing",        // required and absent
    "not_allowed",    // a policy forbids it
    "not_covered",    // no policy speaks of it
    "not_decrypted",  // no key of ours opens it
    "not_granted",    // more than was approved
    "not_registered", // not among what is registered here or for the client
    "not_served",     // registered, but this server does not serve it now
    "not_yet_valid",  // too early
    "old",            // too long ago
    "outdated",       // what it was judged by has changed since
    "paused",         // not asked for a while, after failures
    "refused",        // by the party that was asked, or by a rule of the API
    "repeated",       // more than one where only one is allowed
    "replayed",       // seen before, though single-use
    "required",       // the user has to do it first
    "reuse_detected", // used again after its successor was
    "reused",         // used again
    "skewed",         // ahead of the clock
    "too_large",      // above a limit of bytes
    "too_long",       // above a limit of characters
    "too_many",       // above a limit of number
    "unavailable",    // it could not be fetched or read
    "unbound",        // to no key, and sent as if it were
    "unexpected",     // present and forbidden
    "unknown",        // there is no such thing here
    "unreadable",     // it could not be read to its end, or not be understood
    "unsupported",    // a value of the specification that is not served
    "untrusted",      // not from whom it must be
    "weak",           // less than what is demanded
    "wrong",          // another value than the only right one
];

/// One reason as the page shows it.
struct Row {
    name: String,
    slug: &'static str,
    code: Option<ErrorCode>,
    rule: &'static str,
}

fn server_rows() -> Vec<Row> {
    let row = |reason: &server::Reason| Row {
        name: format!("{reason:?}").split('(').next().unwrap_or_default().to_owned(),
        slug: reason.slug(),
        code: Some(reason.code()),
        rule: reason.rule(),
    };
    server::Reason::ALL.iter().map(row).collect()
}

fn guard_rows() -> Vec<Row> {
    let row = |reason: &resource::Reason| Row {
        name: format!("{reason:?}"),
        slug: reason.slug(),
        code: reason.code(),
        rule: reason.rule(),
    };
    resource::Reason::ALL.iter().map(row).collect()
}

/// `PkceMissing` is `pkce_missing`.
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

/// The thing that a slug speaks of, if it is one of the grammar.
fn thing(slug: &str) -> Option<&str> {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    let things = WRONG.iter().filter_map(|wrong| slug.strip_suffix(wrong)?.strip_suffix('_'));
    // The longest ending counts: `parameter_too_long` speaks of the parameter.
    let thing = things.min_by_key(|thing| thing.len())?;
    let first = thing.split('_').next().unwrap_or_default();
    (thing.split('_').all(is_word) && !WRONG.contains(&first)).then_some(thing)
}

#[test]
fn every_slug_follows_the_grammar_and_is_the_name_of_its_variant() {
    for rows in [server_rows(), guard_rows()] {
        let mut seen = BTreeSet::new();
        for Row { name, slug, .. } in rows {
            assert!(thing(slug).is_some(), "{slug}: not a thing and what is wrong with it");
            assert_eq!(slug, snake(&name), "one name, one thing");
            assert!(seen.insert(slug), "{slug} is the slug of two reasons");
        }
    }
    for other in resource::userinfo::UserInfoError::ALL {
        assert!(thing(other.slug()).is_some(), "{}: not a thing and what is wrong with it", other.slug());
    }
    for bad in
        ["wrong_issuer", "clock_skew", "expired", "token_twice", "Token_wrong", "token__wrong", "user_wrong_"]
    {
        assert_eq!(thing(bad), None, "{bad}");
    }
}

#[test]
fn every_ending_is_used() {
    let slugs: Vec<_> = server_rows().iter().chain(&guard_rows()).map(|row| row.slug).collect();
    let slugs =
        slugs.into_iter().chain(resource::userinfo::UserInfoError::ALL.iter().map(|error| error.slug()));
    let slugs: Vec<_> = slugs.collect();
    for wrong in WRONG {
        assert!(slugs.iter().any(|slug| slug.ends_with(&format!("_{wrong}"))), "no slug ends in {wrong}");
    }
}

/// `cargo xtask docs --write` sets the variable, and the page is written instead of compared.
#[test]
fn docs_errors_md_lists_every_reason() {
    let page = format!("{HEAD}{}{GUARD_HEAD}{}", table(&server_rows()), table(&guard_rows()));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
    #[expect(clippy::disallowed_methods, reason = "a chore of the workspace, not the server's configuration")]
    if std::env::var_os("PASSAVANT_WRITE_DOCS").is_some() {
        std::fs::write(&path, &page).expect("docs/errors.md can be written");
    }
    let written = std::fs::read_to_string(&path).expect("docs/errors.md");
    assert!(written == page, "docs/errors.md differs from the reasons: run `cargo xtask docs --write`");
}

fn table(rows: &[Row]) -> String {
    let mut text = String::new();
    for Row { slug, code, rule, .. } in rows {
        let code = code.map(|code| format!("`{}`", code.as_str())).unwrap_or_default();
        writeln!(text, "| `{slug}` | {code} | {} |", rule.replace('|', "\\|")).expect("a String takes it");
    }
    text
}
