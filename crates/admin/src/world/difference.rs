//! What a run changes, for people and for machines. Never a secret.

use std::{borrow::Cow, fmt};

use serde_json::{Map, Value, json};
use server::registration::Finding;

/// Every object that changes, and every warning.
#[derive(Clone, Debug, Default)]
pub struct Difference {
    /// In the order of the file.
    pub changes: Vec<Change>,
    /// Worth a look, and no reason to refuse.
    pub warnings: Vec<Finding>,
}

/// One object that changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    action: Action,
    kind: Cow<'static, str>,
    id: String,
    /// By name.
    members: Vec<(String, Value, Value)>,
}

/// What becomes of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Add,
    Change,
    Delete,
}

impl Action {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Change => "change",
            Self::Delete => "delete",
        }
    }

    const fn sign(self) -> char {
        match self {
            Self::Add => '+',
            Self::Change => '~',
            Self::Delete => '-',
        }
    }
}

impl Change {
    fn read(change: &Value) -> Option<Self> {
        let action = change.get("action")?.as_str()?;
        let action =
            [Action::Add, Action::Change, Action::Delete].into_iter().find(|a| a.as_str() == action)?;
        let member = |(name, pair): (&String, &Value)| {
            Some((tamed(name), tamed_value(pair.get("from")?), tamed_value(pair.get("to")?)))
        };
        let members = change.get("members")?.as_object()?.iter().map(member).collect::<Option<_>>()?;
        Some(Self {
            action,
            kind: shown(change.get("kind")?)?.into(),
            id: shown(change.get("id")?)?,
            members,
        })
    }
}

impl Difference {
    /// Notes what becomes of an object: `before` and `after` are its members, secrets replaced by words.
    pub(super) fn note(
        &mut self,
        kind: &'static str,
        id: &str,
        before: Option<&Map<String, Value>>,
        after: Option<&Map<String, Value>>,
    ) {
        let empty = Map::new();
        let (old, new) = (before.unwrap_or(&empty), after.unwrap_or(&empty));
        let names = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name)));
        let member = |name: &String| {
            let (old, new) = (old.get(name).unwrap_or(&Value::Null), new.get(name).unwrap_or(&Value::Null));
            (old != new).then(|| (name.clone(), old.clone(), new.clone()))
        };
        let action = match (before, after) {
            (None, _) => Action::Add,
            (Some(_), Some(_)) => Action::Change,
            (Some(_), None) => Action::Delete,
        };
        let mut members: Vec<_> =
            if action == Action::Delete { Vec::new() } else { names.filter_map(member).collect() };
        members.sort_by(|(left, ..), (right, ..)| left.cmp(right));
        self.changes.push(Change { action, kind: kind.into(), id: id.to_owned(), members });
    }

    /// `0 changes`, `1 change`, `2 changes`
    pub fn count(&self) -> String {
        match self.changes.len() {
            1 => "1 change".to_owned(),
            count => format!("{count} changes"),
        }
    }

    /// Reads what [`Self::to_value`] wrote, on another machine perhaps. `None` where it is of another shape.
    pub fn read(answer: &Value) -> Option<Self> {
        let changes = answer.get("changes")?.as_array()?.iter().map(Change::read).collect::<Option<_>>()?;
        let warnings = answer.get("warnings")?.as_array()?.iter();
        let warning = |warning: &Value| {
            Some(Finding::new(shown(warning.get("pointer")?)?, shown(warning.get("text")?)?))
        };
        Some(Self { changes, warnings: warnings.map(warning).collect::<Option<_>>()? })
    }

    /// The same for machines.
    pub fn to_value(&self) -> Value {
        let members = |change: &Change| -> Map<String, Value> {
            let pair =
                |(name, old, new): &(String, Value, Value)| (name.clone(), json!({ "from": old, "to": new }));
            change.members.iter().map(pair).collect()
        };
        let changes = self.changes.iter().map(|change| {
            json!({ "action": change.action.as_str(), "kind": change.kind, "id": change.id, "members": members(change) })
        });
        let warnings = self
            .warnings
            .iter()
            .map(|warning| json!({ "pointer": warning.pointer, "text": warning.message() }));
        json!({ "count": self.changes.len(), "changes": changes.collect::<Vec<_>>(), "warnings": warnings.collect::<Vec<_>>() })
    }
}

/// One line for each object, and one below it for each member.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Change { action, kind, id, members } in &self.changes {
            writeln!(f, "{} {kind} {id}", action.sign())?;
            for (name, old, new) in members {
                match (old, new) {
                    (Value::Null, new) => writeln!(f, "    {name}: {new}")?,
                    (old, Value::Null) => writeln!(f, "    {name}: {old} -> (default)")?,
                    (old, new) => writeln!(f, "    {name}: {old} -> {new}")?,
                }
            }
        }
        Ok(())
    }
}

/// Text from another machine, without control characters, which a terminal would obey.
fn shown(text: &Value) -> Option<String> {
    text.as_str().map(tamed)
}

fn tamed(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '?' } else { character }).collect()
}

fn tamed_value(value: &Value) -> Value {
    match value {
        Value::String(text) => tamed(text).into(),
        Value::Array(items) => items.iter().map(tamed_value).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (tamed(name), tamed_value(value))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(value: Value) -> Map<String, Value> {
        value.as_object().cloned().expect("an object")
    }

    #[test]
    fn a_difference_reads_like_one() {
        let mut difference = Difference::default();
        let old = members(json!({"scope": "openid", "client_name": "Shop"}));
        let new = members(json!({"scope": "openid notes", "client_secret": "(another)"}));
        difference.note("client", "shop", Some(&old), Some(&new));
        difference.note("scope", "notes", None, Some(&members(json!({"claims": ["a"]}))));
        difference.note("client", "old", Some(&old), None);
        assert_eq!(
            difference.to_string(),
            "~ client shop\n    client_name: \"Shop\" -> (default)\n    client_secret: \"(another)\"\n    \
             scope: \"openid\" -> \"openid notes\"\n+ scope notes\n    claims: [\"a\"]\n- client old\n"
        );
        assert_eq!(difference.count(), "3 changes");
        assert_eq!(difference.to_value()["changes"][2]["action"], "delete");
    }

    #[test]
    fn server_responses_are_displayed_unchanged() {
        let mut difference = Difference::default();
        let old = members(json!({"scope": "openid", "client_name": "Shop"}));
        let new = members(json!({"scope": "openid notes", "client_secret": "(another)"}));
        difference.note("client", "shop", Some(&old), Some(&new));
        difference.note("client", "old", Some(&old), None);
        difference.warnings.push(Finding::new("/clients/0", "strange"));
        let read = Difference::read(&difference.to_value()).expect("it was written by us");
        assert_eq!((read.to_string(), read.to_value()), (difference.to_string(), difference.to_value()));
        assert_eq!(read.warnings, difference.warnings);
    }

    #[test]
    fn server_responses_cannot_contain_terminal_escapes() {
        let answer = json!({
            "changes": [{ "action": "add", "kind": "client", "id": "\u{1b}[2J", "members": { "\u{9b}2J": { "from": null, "to": "\u{9b}2J" } } }],
            "warnings": [{ "pointer": "/\u{1b}", "text": "\u{1b}]0;x" }],
        });
        let read = Difference::read(&answer).expect("of the right shape");
        let shown = format!("{read}{}", read.warnings[0]);
        assert!(!shown.chars().any(|character| character.is_control() && character != '\n'), "{shown:?}");
        for broken in [json!([]), json!({}), json!({ "changes": [{ "action": "praise" }], "warnings": [] })] {
            assert!(Difference::read(&broken).is_none(), "{broken}");
        }
    }
}
