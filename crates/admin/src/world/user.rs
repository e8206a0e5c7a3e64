//! One entry of `users`.

use accounts::{Password, PasswordRule, Username};
use protocol::Subject;
use serde_json::{Map, Value};
use server::registration::{Absent, Entry, Findings, Kind, Member, Rules};
use zeroize::Zeroizing;

/// The members of a user. Only the operator adds one.
const USER: &[Member] = &[
    Member::new("sub", Kind::Text).by_operator(),
    Member::new("username", Kind::Text).by_operator(),
    Member::new("password", Kind::Text).by_operator(),
    Member::new("claims", Kind::Object).by_operator(),
    Member::new("disabled", Kind::Flag).or(Absent::Flag(false)).by_operator(),
];

/// What the rules of a user depend on.
pub(crate) struct UserRules<'r> {
    /// What those of every entry depend on.
    pub(crate) rules: &'r Rules,
    /// What a new password must be.
    pub(crate) password: PasswordRule,
}

/// A user as a document says it.
#[derive(Clone, Debug)]
pub(crate) struct UserEntry {
    pub(crate) pointer: String,
    pub(crate) subject: Subject,
    pub(crate) username: Username,
    /// For an account that does not exist yet.
    pub(crate) password: Option<Password>,
    pub(crate) claims: Map<String, Value>,
    pub(crate) disabled: bool,
}

impl UserEntry {
    /// Reads an entry; what is wrong with it is among the findings.
    pub(crate) fn read(
        at: String,
        value: Value,
        rules: &UserRules<'_>,
        findings: &mut Findings,
    ) -> Option<Self> {
        let mut entry = Entry::read(at, value, USER, rules.rules, findings)?;
        let subject = entry.take_parsed(
            "sub",
            Subject::parse,
            "must be 1 to 255 visible ASCII characters without spaces",
        );
        let username = entry.take_parsed(
            "username",
            Username::parse,
            "must be 1 to 255 bytes, not only spaces, without control characters",
        );
        let password = match entry.take("password") {
            Some(Value::String(text)) => accept(&mut entry, Zeroizing::new(text), rules.password),
            Some(_) | None => None,
        };
        let claims = match entry.take("claims") {
            Some(Value::Object(claims)) => claims,
            Some(_) | None => Map::new(),
        };
        if claims.contains_key("sub") {
            entry.refuse("claims/sub", "is the user's own member `sub`");
        }
        let disabled = entry.take_flag("disabled");
        let pointer = entry.pointer().to_owned();
        Some(Self { pointer, subject: subject?, username: username?, password, claims, disabled })
    }
}

fn accept(entry: &mut Entry<'_>, text: Zeroizing<String>, rule: PasswordRule) -> Option<Password> {
    rule.accept(&text).map_err(|error| entry.refuse("password", error.to_string())).ok()
}
