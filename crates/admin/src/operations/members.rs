//! Members that are set or taken away, and what comes of it.

use serde_json::{Map, Value};
use server::registration::Finding;
use zeroize::Zeroizing;

use super::settle::Decision;
use crate::{
    administration::Administration,
    error::OperationError,
    world::{ApplyMode, World, plan::Plan},
};

/// One member that is changed.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberEdit {
    /// Its registered name.
    pub name: String,
    /// What is done with it.
    pub change: MemberChange,
}

/// What is done with a member.
#[derive(Clone, Debug, PartialEq)]
pub enum MemberChange {
    /// It becomes this.
    Set(Value),
    /// Its list gets these entries, unless it has them.
    Add(Vec<Value>),
    /// It is taken away.
    Remove,
}

impl MemberEdit {
    /// Sets a member.
    pub fn set(name: &str, value: impl Into<Value>) -> Self {
        Self { name: name.to_owned(), change: MemberChange::Set(value.into()) }
    }

    /// Adds entries to the list that a member is.
    pub fn add(name: &str, entries: impl IntoIterator<Item = impl Into<Value>>) -> Self {
        let entries = entries.into_iter().map(Into::into).collect();
        Self { name: name.to_owned(), change: MemberChange::Add(entries) }
    }
}

/// A client, resource or user as it was saved.
#[derive(Clone, Debug)]
pub struct Saved {
    /// Its members under their registered names, without its secret.
    pub record: Map<String, Value>,
    /// A secret that was made or given, to be shown this once.
    pub secret: Option<Zeroizing<String>>,
    /// What is worth a warning.
    pub warnings: Vec<Finding>,
}

/// The members of one object while they are changed. The member that names the object stays as it is.
pub(super) struct Edited {
    members: Map<String, Value>,
    key: &'static str,
    version: Option<i64>,
    rekeyed: bool,
    replaces_secret: bool,
}

impl Edited {
    /// Starts from these members; `key` is the one that names the object.
    pub(super) fn new(members: Map<String, Value>, key: &'static str) -> Self {
        Self { members, key, version: None, rekeyed: false, replaces_secret: false }
    }

    /// They were read from a record of this version: what is decided holds only while it is the stored one.
    pub(super) fn of_version(self, version: i64) -> Self {
        Self { version: Some(version), ..self }
    }

    /// Sets and takes away.
    pub(super) fn edit(mut self, edits: &[MemberEdit]) -> Self {
        for MemberEdit { name, change } in edits {
            if name == self.key {
                self.rekeyed |=
                    !matches!(change, MemberChange::Set(value) if Some(value) == self.members.get(self.key));
                continue;
            }
            match change {
                MemberChange::Set(value) => drop(self.members.insert(name.clone(), value.clone())),
                MemberChange::Add(entries) => add(self.members.entry(name).or_insert(Value::Null), entries),
                MemberChange::Remove => drop(self.members.remove(name)),
            }
        }
        self
    }

    /// Sets a secret that is given beside the members.
    pub(super) fn secret(mut self, secret: Option<&Zeroizing<String>>) -> Self {
        if let Some(secret) = secret {
            self.members.insert("client_secret".to_owned(), secret.as_str().into());
        }
        self
    }

    /// Sets a secret that is given, or else has one made in place of the stored one.
    pub(super) fn another_secret(self, given: Option<&Zeroizing<String>>) -> Self {
        Self { replaces_secret: given.is_none(), ..self }.secret(given)
    }

    /// Reads them as a world of one object.
    pub(super) fn read(
        self,
        administration: &Administration,
        read: impl Fn(Value, &Administration) -> World,
    ) -> World {
        let mut world = read(self.members.into(), administration).based_on(self.version);
        if self.replaces_secret {
            world = world.with_another_secret();
        }
        if self.rekeyed {
            world.refuse(Finding::new(format!("/{}", self.key), "names the object, and can't be changed"));
        }
        world
    }
}

/// Adds entries to a list. What is no list is replaced, as its registration would refuse it.
fn add(member: &mut Value, entries: &[Value]) {
    let mut list = member.as_array_mut().map(std::mem::take).unwrap_or_default();
    for entry in entries {
        if !list.contains(entry) {
            list.push(entry.clone());
        }
    }
    *member = list.into();
}

/// Decides what a world of one object changes: the same plan, and the same writer, as for a whole document.
pub(super) async fn plan(administration: &Administration, world: &World) -> Result<Plan, OperationError> {
    Ok(Plan::make(administration, world, ApplyMode::Edit).await?)
}

/// The decision of a plan about one client or resource, with the record of it.
pub(super) fn saved(
    plan: Plan,
    record: Map<String, Value>,
    given: Option<&Zeroizing<String>>,
) -> Decision<Saved> {
    let Plan { difference, changes, drawn, .. } = plan;
    let secret = drawn.into_values().next().or_else(|| given.cloned());
    Decision { changes, answer: Saved { record, secret, warnings: difference.warnings } }
}
