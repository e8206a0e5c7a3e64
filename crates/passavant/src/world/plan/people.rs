//! Users: added with their first password, replaced without touching it.

use accounts::{Account, AccountChange};
use protocol::Subject;
use serde_json::{Map, Value};
use server::store::{Of, Why};

use super::{
    super::{members, person::UserEntry},
    Planner,
};

impl Planner<'_> {
    pub(super) fn users(&mut self) {
        for entry in self.world.users.iter().flatten() {
            let stored = self.stored.accounts.get(&entry.subject);
            if stored.is_some() && self.keeps_stored() {
                continue;
            }
            let owner = self.stored.usernames.get(&entry.username.canonical());
            if let Some(owner) = owner.filter(|owner| **owner != entry.subject) {
                // A seed gives way to whoever has taken the name.
                if !self.keeps_stored() {
                    let text = format!("is the username of the user {owner} already");
                    self.refuse(members::at(&entry.pointer, "username"), text);
                }
                continue;
            }
            self.put_user(entry, stored);
        }
    }

    fn put_user(&mut self, entry: &UserEntry, stored: Option<&Account>) {
        let account = Account {
            subject: entry.subject.clone(),
            username: entry.username.clone(),
            password: stored.and_then(|account| account.password.clone()),
            disabled: entry.disabled,
            claims: entry.claims.clone(),
            applied: stored.map_or(self.is_applied(), |account| account.applied),
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
        let ends = account.disabled && stored.is_some_and(|stored| !stored.disabled);
        let subject = account.subject.clone();
        self.plan.people.push(match stored {
            Some(stored) => AccountChange::Replace(Box::new(account), stored.version),
            None => AccountChange::Add(Box::new(account)),
        });
        if ends {
            self.end_user(&subject, Why::AccountDisabled);
        }
    }

    /// Ends every session and every grant, those with `offline_access` included.
    pub(super) fn end_user(&mut self, subject: &Subject, why: Why) {
        let end = self.installation.server.ending(Of::Subject(subject.clone()), why);
        self.plan.commit.push(end);
    }
}

pub(super) fn user_members(account: &Account, has_password: bool) -> Map<String, Value> {
    let mut members = Map::new();
    members.insert("username".to_owned(), account.username.as_str().into());
    members.insert("claims".to_owned(), account.claims.clone().into());
    members.insert("disabled".to_owned(), account.disabled.into());
    if has_password {
        members.insert("password".to_owned(), "(set)".into());
    }
    members
}
