//! A document that says what is to be registered: checked whole, compared with what is stored, written in one commit.

mod difference;
mod document;
mod files;
pub(crate) mod plan;
mod user;

use std::{
    collections::{BTreeSet, HashSet},
    path::Path,
};

use accounts::PasswordRule;
use serde_json::Value;
use server::{
    registration::{
        ClientRegistration, Finding, Findings, Registrar, RegistrationError, ResourceRegistration, pointer,
        read_scope,
    },
    spelling::nearest,
    store::Scope,
};

use crate::administration::Administration;

pub use difference::Difference;
pub use document::Document;
pub use files::Sent;
pub(crate) use user::UserEntry;
use user::UserRules;

/// The arrays of a document.
const ARRAYS: [&str; 4] = ["clients", "resources", "users", "scopes"];

/// What a document says. An array that it does not have is `None`.
#[derive(Debug, Default)]
pub struct World {
    clients: Option<Vec<ClientRegistration>>,
    resources: Option<Vec<ResourceRegistration>>,
    users: Option<Vec<UserEntry>>,
    scopes: Option<Vec<ScopeEntry>>,
    findings: Findings,
    /// Where a secret stands that a file holds.
    from_files: BTreeSet<String>,
    /// The version of the record that an edit started from. Where it is no longer the stored one, nothing is committed.
    base: Option<i64>,
    /// Whether a secret is made in place of the stored one.
    replaces_secret: bool,
}

/// A scope and where it stands.
#[derive(Debug)]
struct ScopeEntry {
    pointer: String,
    scope: Scope,
}

/// How a world is compared with what is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplyMode {
    /// What is listed is replaced; everything else stays.
    Replace,
    /// The same, and what an earlier run made and is no longer listed is deleted.
    Prune,
    /// What is missing is added; nothing is changed.
    Seed,
    /// One object is registered or changed by a command: a secret that is missing is made, and nothing that is made
    /// counts as listed by a document.
    Edit,
}

impl World {
    /// Reads a document of this machine. A secret may be in a file beside it, in `folder`.
    ///
    /// # Errors
    /// [`RegistrationError`] where it is not an object. What else is wrong is told when it is compared with the store.
    pub fn read(
        document: Document,
        folder: &Path,
        administration: &Administration,
    ) -> Result<Self, RegistrationError> {
        Self::with(document, Some(folder), Registrar::Operator, administration)
    }

    /// Reads a document that came over HTTP. It may name no file: the files are the server's.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn posted(document: Document, administration: &Administration) -> Result<Self, RegistrationError> {
        Self::with(document, None, Registrar::Operator, administration)
    }

    /// Reads what a development installation starts with. Its secrets may be short.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn seeds(value: Value, administration: &Administration) -> Result<Self, RegistrationError> {
        Self::with(Document::of(value), None, Registrar::Development, administration)
    }

    /// Reads one client, whose members are at the top of the document.
    pub(crate) fn of_client(members: Value, administration: &Administration) -> Self {
        let (rules, mut findings) = (administration.rules(Registrar::Operator), Findings::default());
        let read = ClientRegistration::read(String::new(), members, &rules, &mut findings);
        Self { clients: Some(Vec::from_iter(read)), findings, ..Self::default() }
    }

    /// Reads one resource, in the same way.
    pub(crate) fn of_resource(members: Value, administration: &Administration) -> Self {
        let (rules, mut findings) = (administration.rules(Registrar::Operator), Findings::default());
        let read = ResourceRegistration::read(String::new(), members, &rules, &mut findings);
        Self { resources: Some(Vec::from_iter(read)), findings, ..Self::default() }
    }

    /// Reads one user, in the same way.
    pub(crate) fn of_user(members: Value, administration: &Administration) -> Self {
        let (rules, mut findings) = (administration.rules(Registrar::Operator), Findings::default());
        let user_rules = UserRules { rules: &rules, password: administration.password_rule };
        let read = UserEntry::read(String::new(), members, &user_rules, &mut findings);
        Self { users: Some(Vec::from_iter(read)), findings, ..Self::default() }
    }

    /// The same, as an edit of a record of this version.
    pub(crate) fn based_on(self, version: Option<i64>) -> Self {
        Self { base: version, ..self }
    }

    /// The same, with another secret in place of the stored one.
    pub(crate) fn with_another_secret(self) -> Self {
        Self { replaces_secret: true, ..self }
    }

    /// Notes something that is wrong with it.
    pub(crate) fn refuse(&mut self, finding: Finding) {
        self.findings.refuse(finding);
    }

    /// Its clients.
    pub(crate) fn clients(&self) -> &[ClientRegistration] {
        self.clients.as_deref().unwrap_or_default()
    }

    /// Its resources.
    pub(crate) fn resources(&self) -> &[ResourceRegistration] {
        self.resources.as_deref().unwrap_or_default()
    }

    fn with(
        document: Document,
        folder: Option<&Path>,
        registrar: Registrar,
        administration: &Administration,
    ) -> Result<Self, RegistrationError> {
        let password = match registrar {
            Registrar::Development => PasswordRule { length_min: 1 },
            _ => administration.password_rule,
        };
        let rules = &administration.rules(registrar);
        let user_rules = UserRules { rules, password };
        let Document { mut value, mut findings } = document;
        let from_files = files::inline(&mut value, folder, &mut findings);
        let Value::Object(mut document) = value else {
            let text = format!("must be an object with {}", ARRAYS.join(", "));
            return Err(RegistrationError(vec![Finding::new("", text)]));
        };
        for name in document.keys().filter(|name| !ARRAYS.contains(&name.as_str())) {
            let unknown = Finding::new(pointer("", name), "unknown member");
            let suggestion = nearest(name, ARRAYS).map(str::to_owned);
            findings.refuse(Finding { suggestion, ..unknown });
        }
        let found = &mut findings;
        let mut array = |name: &'static str| Array { name, value: document.remove(name) };
        let clients = array("clients")
            .each(found, |at, value, found| ClientRegistration::read(at, value, rules, found));
        let resources = array("resources")
            .each(found, |at, value, found| ResourceRegistration::read(at, value, rules, found));
        let users =
            array("users").each(found, |at, value, found| UserEntry::read(at, value, &user_rules, found));
        let scopes = array("scopes").each(found, |at, value, found| {
            read_scope(at.clone(), value, rules, found).map(|scope| ScopeEntry { pointer: at, scope })
        });
        let mut world = Self { clients, resources, users, scopes, findings, from_files, ..Self::default() };
        world.refuse_duplicates();
        Ok(world)
    }

    /// Two entries for one object: which of them would hold?
    fn refuse_duplicates(&mut self) {
        let (mut clients, mut resources, mut scopes) = (HashSet::new(), HashSet::new(), HashSet::new());
        let (mut subjects, mut names) = (HashSet::new(), HashSet::new());
        let mut duplicates = Vec::new();
        let mut note = |is_new: bool, at: String| {
            if !is_new {
                duplicates.push(at);
            }
        };
        for entry in self.clients.iter().flatten() {
            note(clients.insert(entry.id()), entry.at("client_id"));
        }
        for entry in self.resources.iter().flatten() {
            note(resources.insert(entry.identifier()), entry.at("resource"));
        }
        for entry in self.users.iter().flatten() {
            note(subjects.insert(entry.subject.as_str()), pointer(&entry.pointer, "sub"));
            note(names.insert(entry.username.canonical()), pointer(&entry.pointer, "username"));
        }
        for entry in self.scopes.iter().flatten() {
            note(scopes.insert(entry.scope.scope.as_str()), pointer(&entry.pointer, "scope"));
        }
        for at in duplicates {
            self.findings.refuse(Finding::new(at, document::DUPLICATE));
        }
    }
}

/// One array of a document.
struct Array {
    name: &'static str,
    value: Option<Value>,
}

impl Array {
    /// Reads each entry at its pointer.
    fn each<T>(
        self,
        findings: &mut Findings,
        read: impl Fn(String, Value, &mut Findings) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Value::Array(entries) = self.value? else {
            findings.refuse(Finding::new(pointer("", self.name), "must be an array"));
            return None;
        };
        let at = |position: usize| format!("/{}/{position}", self.name);
        let read = |(position, entry)| read(at(position), entry, findings);
        Some(entries.into_iter().enumerate().filter_map(read).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn wrong_type_for_an_array_is_reported() {
        let mut findings = Findings::default();
        let read = |_: String, value: Value, _: &mut Findings| value.as_i64();
        let array = |value| Array { name: "clients", value };
        assert_eq!(array(None).each(&mut findings, read), None);
        assert_eq!(array(Some(json!([1, 2]))).each(&mut findings, read), Some(vec![1, 2]));
        assert!(findings.wrongs.is_empty());
        assert_eq!(array(Some(json!({}))).each(&mut findings, read), None);
        assert_eq!(findings.wrongs, [Finding::new("/clients", "must be an array")]);
    }
}
