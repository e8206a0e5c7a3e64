//! What a run changes, for people and for machines. Never a secret.

use std::fmt;

use serde_json::{Map, Value, json};

use super::Wrong;

/// Every object that changes, and every warning.
#[derive(Clone, Debug, Default)]
pub(crate) struct Difference {
    /// In the order of the file.
    pub(crate) changes: Vec<Change>,
    /// Strange, but no reason to refuse.
    pub(crate) warnings: Vec<Wrong>,
}

/// One object that changes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Change {
    action: Action,
    kind: &'static str,
    id: String,
    members: Vec<(String, Value, Value)>,
}

/// What becomes of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
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
        let members = if action == Action::Delete { Vec::new() } else { names.filter_map(member).collect() };
        self.changes.push(Change { action, kind, id: id.to_owned(), members });
    }

    /// `0 changes`, `1 change`, `2 changes`
    pub(crate) fn count(&self) -> String {
        match self.changes.len() {
            1 => "1 change".to_owned(),
            count => format!("{count} changes"),
        }
    }

    /// The same for machines.
    pub(crate) fn to_value(&self) -> Value {
        let members = |change: &Change| -> Map<String, Value> {
            let pair =
                |(name, old, new): &(String, Value, Value)| (name.clone(), json!({ "from": old, "to": new }));
            change.members.iter().map(pair).collect()
        };
        let changes = self.changes.iter().map(|change| {
            json!({ "action": change.action.as_str(), "kind": change.kind, "id": change.id, "members": members(change) })
        });
        let warnings =
            self.warnings.iter().map(|wrong| json!({ "pointer": wrong.pointer, "text": wrong.text }));
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
            "~ client shop\n    client_name: \"Shop\" -> (default)\n    scope: \"openid\" -> \"openid notes\"\n    \
             client_secret: \"(another)\"\n+ scope notes\n    claims: [\"a\"]\n- client old\n"
        );
        assert_eq!(difference.count(), "3 changes");
        assert_eq!(difference.to_value()["changes"][2]["action"], "delete");
    }
}
