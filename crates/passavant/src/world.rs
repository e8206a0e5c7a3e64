//! `apply`: what is registered, as a file says it. Checked whole, compared with what is stored, written in one commit.

mod client;
mod difference;
mod document;
mod members;
mod person;
mod plan;
mod resource;
mod sending;
mod served;

use std::{collections::HashSet, fmt, path::Path, sync::Arc};

use accounts::{PasswordRule, Passwords};
use serde_json::Value;
use server::{Fault, store::Scope};

use crate::{admin, spelling::suggestion, wiring::Installation};
use client::ClientEntry;
pub(crate) use difference::Difference;
pub(crate) use document::Document;
use members::{CLIENT, Known, Members, RESOURCE, SCOPE, USER};
use person::{UserEntry, read_scope};
use plan::Plan;
use resource::ResourceEntry;
pub(crate) use sending::Sent;
pub(crate) use served::needs_secret_itself;

/// Plans that are tried when somebody else gets there first.
const ATTEMPTS_MAX: usize = 3;

/// The arrays of the file.
const ARRAYS: [&str; 4] = ["clients", "resources", "users", "scopes"];

/// What a file says. An array that it does not have is `None`.
pub(crate) struct World {
    clients: Option<Vec<ClientEntry>>,
    resources: Option<Vec<ResourceEntry>>,
    users: Option<Vec<UserEntry>>,
    scopes: Option<Vec<Scope>>,
    findings: Findings,
}

/// How a file is made true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// What is listed is replaced; everything else stays.
    Replace,
    /// The same, and what an earlier run made and is no longer listed goes.
    Prune,
    /// What is missing is added; nothing is changed.
    Seed,
}

/// One thing that is wrong, or worth a warning, and where: a JSON pointer (RFC 6901).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// Empty: the document itself.
    pub(crate) pointer: String,
    /// What is wrong, and what helps.
    pub(crate) text: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pointer.as_str() {
            "" => f.write_str(&self.text),
            pointer => write!(f, "{pointer}: {}", self.text),
        }
    }
}

/// Everything that is wrong with a file; at least one thing. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrongs(pub(crate) Vec<Wrong>);

impl fmt::Display for Wrongs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing was changed:")?;
        self.0.iter().try_for_each(|wrong| write!(f, "\n  {wrong}"))
    }
}

impl std::error::Error for Wrongs {}

/// What was found while reading.
#[derive(Clone, Debug, Default)]
struct Findings {
    wrongs: Vec<Wrong>,
    warnings: Vec<Wrong>,
}

impl Findings {
    fn refuse(&mut self, pointer: &str, text: impl Into<String>) {
        // What was found there first says more.
        if !self.wrongs.iter().any(|wrong| wrong.pointer == pointer) {
            self.wrongs.push(Wrong { pointer: pointer.to_owned(), text: text.into() });
        }
    }
}

/// What reading an entry depends on.
struct Reading<'r> {
    /// Where `client_secret_file` and `password_file` start; `None`: no file may be named.
    folder: Option<&'r Path>,
    short_secrets: bool,
    /// What a new password must be.
    password_rule: PasswordRule,
    http_to_loopback: bool,
    /// The resource that is the server's own.
    admin: String,
}

impl<'r> Reading<'r> {
    fn of(folder: Option<&'r Path>, installation: &Installation, manner: Manner) -> Self {
        let http_to_loopback = !installation.server.settings().is_https();
        let admin = admin::identifier(&installation.config.issuer);
        let password_rule = installation.config.password_rule;
        Self { folder, short_secrets: manner == Manner::Seed, password_rule, http_to_loopback, admin }
    }
}

impl World {
    /// Reads a file: JSON or TOML, by its extension; `-` is JSON from standard input.
    ///
    /// # Errors
    /// [`Wrongs`] where it can't be read at all. What else is wrong is told when the file is compared with the store.
    pub(crate) fn read(path: &Path, installation: &Installation) -> Result<Self, Wrongs> {
        let document = Document::read(path)?;
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        Self::with(document, &Reading::of(Some(&folder), installation, Manner::Replace))
    }

    /// Reads what came over HTTP. It may name no file: those would be the server's.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(crate) fn posted(document: Document, installation: &Installation) -> Result<Self, Wrongs> {
        Self::with(document, &Reading::of(None, installation, Manner::Replace))
    }

    /// Reads a document.
    ///
    /// # Errors
    /// [`Wrongs`] where it is no object.
    pub(crate) fn of(
        value: Value,
        folder: &Path,
        installation: &Installation,
        manner: Manner,
    ) -> Result<Self, Wrongs> {
        let document = Document { value, findings: Findings::default() };
        Self::with(document, &Reading::of(Some(folder), installation, manner))
    }

    fn with(document: Document, reading: &Reading<'_>) -> Result<Self, Wrongs> {
        let Document { value, mut findings } = document;
        let Value::Object(mut document) = value else {
            let text = "must be an object with clients, resources, users, scopes".to_owned();
            return Err(Wrongs(vec![Wrong { pointer: String::new(), text }]));
        };
        for name in document.keys().filter(|name| !ARRAYS.contains(&name.as_str())) {
            let text = format!("unknown member{}", suggestion(name, ARRAYS));
            findings.refuse(&members::at("", name), text);
        }
        let mut array = |name: &str| document.remove(name);
        let (clients, resources) = (array("clients"), array("resources"));
        let (users, scopes) = (array("users"), array("scopes"));
        let findings_of = &mut findings;
        let clients = each(("clients", CLIENT), clients, findings_of, |m| ClientEntry::read(m, reading));
        let resources =
            each(("resources", RESOURCE), resources, findings_of, |m| ResourceEntry::read(m, reading));
        let users = each(("users", USER), users, findings_of, |m| UserEntry::read(m, reading));
        let scopes = each(("scopes", SCOPE), scopes, findings_of, read_scope);
        let mut world = Self { clients, resources, users, scopes, findings };
        world.refuse_repeated();
        Ok(world)
    }

    /// Two entries for one object: which of them would hold?
    fn refuse_repeated(&mut self) {
        let mut repeated = Vec::new();
        let mut note = |seen: &mut HashSet<String>, id: &str, at: String| {
            if !seen.insert(id.to_owned()) {
                repeated.push(at);
            }
        };
        let mut seen = HashSet::new();
        for entry in self.clients.iter().flatten() {
            note(&mut seen, entry.id.as_str(), members::at(&entry.pointer, "client_id"));
        }
        seen.clear();
        for entry in self.resources.iter().flatten() {
            note(&mut seen, entry.identifier.as_str(), entry.at("resource"));
        }
        let (mut subjects, mut names) = (HashSet::new(), HashSet::new());
        for entry in self.users.iter().flatten() {
            note(&mut subjects, entry.subject.as_str(), members::at(&entry.pointer, "sub"));
            note(&mut names, &entry.username.canonical(), members::at(&entry.pointer, "username"));
        }
        seen.clear();
        for (at, entry) in self.scopes.iter().flatten().enumerate() {
            note(&mut seen, &entry.scope, format!("/scopes/{at}/scope"));
        }
        for at in repeated {
            self.findings.refuse(&at, "is there twice");
        }
    }
}

fn each<T>(
    (name, known): (&str, Known),
    array: Option<Value>,
    findings: &mut Findings,
    read: impl Fn(Members<'_>) -> Option<T>,
) -> Option<Vec<T>> {
    let Value::Array(entries) = array? else {
        findings.refuse(&members::at("", name), "must be an array");
        return None;
    };
    let mut read_all = Vec::with_capacity(entries.len());
    for (at, entry) in entries.into_iter().enumerate() {
        let members = Members::of(format!("/{name}/{at}"), entry, &known, findings);
        read_all.extend(members.and_then(&read));
    }
    Some(read_all)
}

/// Where the hash of a new password is made; a run that adds nobody needs none.
pub(crate) type Hasher<'h> = &'h (dyn Fn() -> Result<Arc<Passwords>, Fault> + Send + Sync);

/// What would be changed.
///
/// # Errors
/// [`ApplyError`]
pub(crate) async fn difference(
    installation: &Installation,
    world: &World,
    manner: Manner,
) -> Result<Difference, ApplyError> {
    Ok(Plan::make(installation, world, manner).await?.difference)
}

/// Makes it so, in one commit. Whoever else writes meanwhile is looked at again.
///
/// # Errors
/// [`ApplyError`]
pub(crate) async fn settle(
    installation: &Installation,
    hasher: Hasher<'_>,
    world: &World,
    manner: Manner,
) -> Result<Difference, ApplyError> {
    for _ in 0..ATTEMPTS_MAX {
        let mut plan = Plan::make(installation, world, manner).await?;
        plan.hash_passwords(world, hasher).await?;
        let Plan { difference, people, commit } = plan;
        if (people.is_empty() && commit.is_empty())
            || installation.directory.commit_people(people, commit).await?.is_ok()
        {
            return Ok(difference);
        }
    }
    Err(ApplyError::Contended)
}

/// Why a document was not applied.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApplyError {
    /// The document is invalid, or does not fit what is stored.
    #[error(transparent)]
    Wrongs(#[from] Wrongs),
    /// Every attempt to commit met another writer.
    #[error("somebody else keeps changing this: try again")]
    Contended,
    /// The store failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// `serve --apply FILE`.
///
/// # Errors
/// As [`settle`].
pub(crate) async fn apply_at_start(
    installation: &Installation,
    passwords: &Arc<Passwords>,
    file: &Path,
) -> Result<(), ApplyError> {
    let world = World::read(file, installation)?;
    let difference = settle(installation, &|| Ok(passwords.clone()), &world, Manner::Replace).await?;
    for warning in &difference.warnings {
        tracing::warn!(file = %file.display(), "{warning}");
    }
    tracing::info!(file = %file.display(), changes = difference.changes.len(), "applied");
    Ok(())
}
