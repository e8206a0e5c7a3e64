//! A directory in memory, for tests and examples, beside a store in memory.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use protocol::Subject;
use server::{
    Fault,
    store::{
        Commit, Committed, Conflict,
        memory::{HostWrites, MemoryStore},
    },
};

use crate::directory::{Account, AccountChange, Directory, Username};

/// The accounts of one issuer, forgotten with the process. They change in one transaction with the store that it was
/// made with.
pub struct MemoryDirectory {
    store: Arc<MemoryStore>,
    accounts: Mutex<Accounts>,
}

type Accounts = BTreeMap<Subject, Account>;

impl MemoryDirectory {
    /// A directory without accounts, beside this store.
    pub fn new(store: Arc<MemoryStore>) -> Self {
        Self { store, accounts: Mutex::default() }
    }

    fn accounts(&self) -> MutexGuard<'_, Accounts> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryDirectory").field("accounts", &self.accounts().len()).finish_non_exhaustive()
    }
}

#[async_trait]
impl Directory for MemoryDirectory {
    async fn by_username(&self, username: &Username) -> Result<Option<Account>, Fault> {
        Ok(self.accounts().values().find(|account| account.username == *username).cloned())
    }

    async fn by_subject(&self, subject: &Subject) -> Result<Option<Account>, Fault> {
        Ok(self.accounts().get(subject).cloned())
    }

    async fn list_accounts(&self, after: Option<&Subject>, limit: u32) -> Result<Vec<Account>, Fault> {
        let accounts = self.accounts();
        let found = accounts.values().filter(|account| after.is_none_or(|after| account.subject > *after));
        Ok(found.take(limit.try_into().unwrap_or(usize::MAX)).cloned().collect())
    }

    async fn commit_people(
        &self,
        people: Vec<AccountChange>,
        also: Commit,
    ) -> Result<Result<Committed, Conflict>, Fault> {
        let mut accounts = self.accounts();
        let mut changed = accounts.clone();
        let events = people.iter().filter_map(|change| change.event(&also)).collect();
        let committed = self.store.commit_with(also, |is_caller| {
            let failed = people.iter().position(|change| {
                let is_taken = added(change).is_some_and(|subject| is_caller(subject.as_str()));
                is_taken || !apply(&mut changed, change)
            });
            failed.map_or(Ok(()), Err)?;
            let added = people.iter().filter_map(added).collect();
            Ok(HostWrites { events, added, forgotten: people.iter().filter_map(deleted).collect() })
        });
        if committed.is_ok() {
            *accounts = changed;
        }
        Ok(committed)
    }
}

fn added(change: &AccountChange) -> Option<Subject> {
    match change {
        AccountChange::Add(account) => Some(account.subject.clone()),
        AccountChange::Replace(..) | AccountChange::Rehash(..) | AccountChange::Delete(_) => None,
    }
}

fn deleted(change: &AccountChange) -> Option<Subject> {
    match change {
        AccountChange::Delete(subject) => Some(subject.clone()),
        AccountChange::Add(_) | AccountChange::Replace(..) | AccountChange::Rehash(..) => None,
    }
}

/// Whether the guard of the change held; then it is done.
fn apply(accounts: &mut Accounts, change: &AccountChange) -> bool {
    let is_free = |accounts: &Accounts, account: &Account| {
        let mut others = accounts.values().filter(|other| other.subject != account.subject);
        others.all(|other| other.username != account.username)
    };
    let has_version = |accounts: &Accounts, subject: &Subject, version: i64| {
        accounts.get(subject).is_some_and(|account| account.version == version)
    };
    match change {
        AccountChange::Add(account) => {
            let holds = !accounts.contains_key(&account.subject) && is_free(accounts, account);
            if holds {
                accounts.insert(account.subject.clone(), Account { version: 1, ..(**account).clone() });
            }
            holds
        }
        AccountChange::Replace(account, version) => {
            let holds = has_version(accounts, &account.subject, *version) && is_free(accounts, account);
            if holds {
                let replaced = Account { version: version + 1, ..(**account).clone() };
                accounts.insert(account.subject.clone(), replaced);
            }
            holds
        }
        AccountChange::Rehash(subject, hash, version) => {
            let holds = has_version(accounts, subject, *version);
            if let Some(account) = accounts.get_mut(subject).filter(|_| holds) {
                (account.password, account.version) = (Some(hash.clone()), version + 1);
            }
            holds
        }
        AccountChange::Delete(subject) => {
            accounts.remove(subject);
            true
        }
    }
}
