//! Users: added with their first password, replaced without touching it.

use accounts::Account;
use serde_json::{Map, Value};
use server::registration::{Finding, pointer};

use super::{super::UserEntry, Ignored, Planner, makes_applied, registry::SET};
use crate::record;

impl Planner<'_> {
    pub(super) fn users(&mut self) {
        for entry in self.world.users.iter().flatten() {
            let stored = self.stored.accounts.get(&entry.subject);
            if stored.is_some() && self.keeps_stored() {
                continue;
            }
            let owner = self.stored.usernames.get(&entry.username.canonical());
            if let Some(owner) = owner.filter(|owner| **owner != entry.subject) {
                // A seed is skipped where another user has the name.
                if !self.keeps_stored() {
                    let text = format!("is the username of the user {owner} already");
                    self.findings.refuse(Finding::new(pointer(&entry.pointer, "username"), text));
                }
                continue;
            }
            if let Err(text) = self.credentials.subject(&entry.subject).or_else(|text| match stored {
                Some(_) => Ok(()),
                None => Err(text),
            }) {
                // A seed is skipped where a client has the id.
                if !self.keeps_stored() {
                    self.findings.refuse(Finding::new(pointer(&entry.pointer, "sub"), text));
                }
                continue;
            }
            self.put_user(entry, stored);
        }
    }

    fn put_user(&mut self, entry: &UserEntry, stored: Option<&Account>) {
        if let (Some(password), Some(stored)) =
            (&entry.password, stored.and_then(|stored| stored.password.clone()))
        {
            self.plan.ignored.push(Ignored {
                pointer: pointer(&entry.pointer, "password"),
                username: entry.username.as_str().to_owned(),
                password: password.clone(),
                stored,
            });
        }
        let account = Account {
            subject: entry.subject.clone(),
            username: entry.username.clone(),
            password: stored.and_then(|account| account.password.clone()),
            disabled: entry.disabled,
            claims: entry.claims.clone(),
            applied: stored.map_or(makes_applied(self.mode), |account| account.applied),
            version: stored.map_or(0, |account| account.version),
        };
        let is_spelled_alike = |stored: &&Account| stored.username.as_str() == account.username.as_str();
        if stored.filter(is_spelled_alike) == Some(&account) {
            return;
        }
        let before = stored.map(|account| user_members(account, account.password.is_some()));
        let has_password = entry.password.is_some() || account.password.is_some();
        let after = user_members(&account, has_password);
        self.plan.difference.note("user", account.subject.as_str(), before.as_ref(), Some(&after));
        self.plan.changes.put_account(account, stored);
    }
}

pub(super) fn user_members(account: &Account, has_password: bool) -> Map<String, Value> {
    let mut members = record::account_members(account);
    if has_password {
        members.insert("password".to_owned(), SET.into());
    }
    members
}
