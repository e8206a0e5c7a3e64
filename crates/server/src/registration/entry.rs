//! The members of a registration, and the reader that collects all errors of an entry.

use serde_json::{Map, Value};

use super::{
    finding::{Finding, Findings, pointer},
    rules::{Registrar, Rules},
};
use crate::spelling::nearest;

/// Maximum length of a string, in bytes.
const TEXT_BYTES_MAX: usize = 4 * 1024;
/// Maximum number of entries of a list.
const ENTRIES_MAX: usize = 256;

/// The type of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A string.
    Text,
    /// An array of strings.
    Texts,
    /// A string, or an array of strings.
    TextOrTexts,
    /// `true` or `false`.
    Flag,
    /// A non-negative integer.
    Number,
    /// An object.
    Object,
    /// A string, or an object with a string for each language.
    Wording,
    /// Any JSON value.
    Any,
}

/// The default of an absent member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// Nothing.
    Nothing,
    /// This flag.
    Flag(bool),
    /// This string.
    Text(&'static str),
    /// This list.
    Texts(&'static [&'static str]),
    /// This number.
    Number(i64),
}

/// Who may set a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetBy {
    /// The operator, and the client itself where it may register (RFC 7591).
    Anyone,
    /// The operator only.
    Operator,
}

/// The effect of a member in this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It is in effect.
    Served,
    /// It is stored without effect, and registering it is answered with a warning.
    Stored,
    /// It is stored as information, without a warning.
    Note,
    /// It is read and not stored.
    Dropped,
}

/// The rule of a member. It is checked for an absent member too, and may read the other members.
pub(super) type Check = fn(&mut Entry<'_>, &'static str, &Rules);

/// A row of a table of members.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// Its registered name.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Its default.
    pub absent: Absent,
    /// Who may set it.
    pub set_by: SetBy,
    /// Its effect.
    pub effect: Effect,
    /// Whether it may be given once for each language, as `name#de` (RFC 7591 §2.2).
    pub is_translatable: bool,
    check: Option<Check>,
}

impl Member {
    /// A member that anyone may set, without a default and without a rule except its type.
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            absent: Absent::Nothing,
            set_by: SetBy::Anyone,
            effect: Effect::Served,
            is_translatable: false,
            check: None,
        }
    }

    /// Sets the default.
    #[must_use]
    pub const fn or(mut self, absent: Absent) -> Self {
        self.absent = absent;
        self
    }

    /// Set by the operator only.
    #[must_use]
    pub const fn by_operator(mut self) -> Self {
        self.set_by = SetBy::Operator;
        self
    }

    pub(super) const fn effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    pub(super) const fn translatable(mut self) -> Self {
        self.is_translatable = true;
        self
    }

    pub(super) const fn checked(mut self, check: Check) -> Self {
        self.check = Some(check);
        self
    }

    /// Whether a name refers to this row, possibly with a language tag.
    fn is_called(&self, name: &str) -> bool {
        name == self.name
            || (self.is_translatable && name.split_once('#').is_some_and(|(base, _)| base == self.name))
    }
}

/// An entry whose members have the right types. A member of the wrong type is treated as absent.
#[derive(Debug)]
pub struct Entry<'f> {
    pointer: String,
    members: Map<String, Value>,
    table: &'static [Member],
    findings: &'f mut Findings,
}

impl<'f> Entry<'f> {
    /// Reads a value at a JSON pointer as an entry of a table. `None` if it is not an object.
    pub fn read(
        at: String,
        value: Value,
        table: &'static [Member],
        rules: &Rules,
        findings: &'f mut Findings,
    ) -> Option<Self> {
        let Value::Object(mut members) = value else {
            findings.refuse(Finding::new(at, "must be an object"));
            return None;
        };
        members.retain(|name, value| {
            let at = pointer(&at, name);
            let is_strangers = matches!(rules.registrar, Registrar::Client(_));
            let Some(member) = table.iter().find(|member| member.is_called(name)) else {
                // RFC 7591 §2: "The authorization server MUST ignore any client metadata sent by the client that it does
                // not understand".
                if is_strangers {
                    return false;
                }
                let near = nearest(name, table.iter().map(|member| member.name)).map(str::to_owned);
                findings.refuse(Finding { suggestion: near, ..Finding::new(at, "unknown member") });
                return false;
            };
            // `null` is the same as absent.
            if value.is_null() {
                return false;
            }
            if member.set_by == SetBy::Operator && is_strangers {
                findings.refuse(Finding::new(at, "only the operator may set this"));
                return false;
            }
            let wrongs = mismatches(member.kind, value, &at);
            let fits = wrongs.is_empty();
            wrongs.into_iter().for_each(|wrong| findings.refuse(wrong));
            fits || keeps_positions(member.kind, value)
        });
        Some(Self { pointer: at, members, table, findings })
    }

    /// Checks the rule of every member, and warns of those without an effect.
    pub fn check(&mut self, rules: &Rules) {
        for member in self.table {
            if let Some(check) = member.check {
                check(self, member.name, rules);
            }
            match member.effect {
                Effect::Stored if self.members.contains_key(member.name) => {
                    self.warn(member.name, "is stored, but has no effect here");
                }
                Effect::Dropped => drop(self.members.remove(member.name)),
                Effect::Stored | Effect::Note | Effect::Served => {}
            }
        }
    }

    /// Adds an error of a member, or below it, such as `redirect_uris/0`.
    pub fn refuse(&mut self, path: &str, text: impl Into<String>) {
        self.findings.refuse(Finding::new(format!("{}/{path}", self.pointer), text));
    }

    /// Adds a warning about a member.
    pub fn warn(&mut self, path: &str, text: impl Into<String>) {
        self.findings.warn(Finding::new(format!("{}/{path}", self.pointer), text));
    }

    /// Whether the member is present.
    pub fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// The value of a member.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.members.get(name)
    }

    /// The value of a string member.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.members.get(name).and_then(Value::as_str)
    }

    /// The value of a member that is an array of strings; empty if it is absent.
    pub fn texts(&self, name: &str) -> Vec<String> {
        let items = self.members.get(name).and_then(Value::as_array);
        items.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Removes and returns a member.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.members.remove(name)
    }

    /// Removes and returns a flag; the default of the table if it is absent.
    pub fn take_flag(&mut self, name: &str) -> bool {
        let absent = self.table.iter().find(|member| member.name == name).map(|member| member.absent);
        let default = matches!(absent, Some(Absent::Flag(true)));
        self.members.remove(name).and_then(|value| value.as_bool()).unwrap_or(default)
    }

    /// Removes and parses a required string.
    pub fn take_parsed<T>(&mut self, name: &str, parse: impl Fn(&str) -> Option<T>, rule: &str) -> Option<T> {
        let Some(Value::String(text)) = self.members.remove(name) else {
            // A member of the wrong type has an error already; only the first at a pointer is kept.
            self.refuse(name, "is required");
            return None;
        };
        let parsed = parse(&text);
        if parsed.is_none() {
            self.refuse(name, rule);
        }
        parsed
    }

    /// The pointer to the entry, and the remaining members, deserialized.
    pub(super) fn finish<T: serde::de::DeserializeOwned>(self) -> (String, Option<T>) {
        let Self { pointer, members, findings, .. } = self;
        match serde_json::from_value(members.into()) {
            Ok(read) => (pointer, Some(read)),
            Err(error) => {
                findings.refuse(Finding::new(&*pointer, error.to_string()));
                (pointer, None)
            }
        }
    }

    /// The pointer to the entry.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }
}

/// A list keeps its entries of the right type, at their positions, so that those are checked too.
fn keeps_positions(kind: Kind, value: &mut Value) -> bool {
    let Some(items) = value.as_array_mut().filter(|_| kind == Kind::Texts) else { return false };
    items.iter_mut().filter(|item| !item.is_string()).for_each(|item| *item = "".into());
    true
}

/// The errors of a value that is not of this type.
fn mismatches(kind: Kind, value: &Value, at: &str) -> Vec<Finding> {
    let wrong = |text: String| vec![Finding::new(at, text)];
    match kind {
        Kind::Text => match value.as_str() {
            None => wrong("must be a string".into()),
            Some(text) if text.len() > TEXT_BYTES_MAX => {
                wrong(format!("must have at most {TEXT_BYTES_MAX} bytes"))
            }
            Some(_) => Vec::new(),
        },
        Kind::Texts => match value.as_array() {
            None => wrong("must be an array of strings".into()),
            Some(items) if items.len() > ENTRIES_MAX => {
                wrong(format!("must have at most {ENTRIES_MAX} entries"))
            }
            Some(items) => {
                let item = |(position, item)| mismatches(Kind::Text, item, &format!("{at}/{position}"));
                items.iter().enumerate().flat_map(item).collect()
            }
        },
        Kind::TextOrTexts if value.is_array() => mismatches(Kind::Texts, value, at),
        Kind::TextOrTexts if value.is_string() => mismatches(Kind::Text, value, at),
        Kind::TextOrTexts => wrong("must be a string or an array of strings".into()),
        Kind::Flag if !value.is_boolean() => wrong("must be true or false".into()),
        Kind::Number if value.as_i64().is_none_or(|number| number < 0) => {
            wrong("must be a non-negative integer".into())
        }
        Kind::Object if !value.is_object() => wrong("must be an object".into()),
        Kind::Wording if !value.is_object() && !value.is_string() => {
            wrong("must be a string, or an object with one for each language".into())
        }
        Kind::Flag | Kind::Number | Kind::Object | Kind::Wording | Kind::Any => Vec::new(),
    }
}
