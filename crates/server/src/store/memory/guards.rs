//! The guards, each as the documentation of its change defines it.

use protocol::{ClientId, Handle, InteractionToken, SessionId, Subject, Timestamp};

use super::state::State;
use crate::store::{
    Change, CodeChange, Expect, GrantChange, InteractionChange, Item, KeyChange, KeyState, RegistryChange,
    Remember, SessionChange, TokenChange, UserBasis,
};

impl State {
    /// Whether the guard of the change holds now. True for changes without a guard.
    pub(super) fn holds(&self, change: &Change, now: Timestamp) -> bool {
        match change {
            Change::Code(change) => self.code_holds(change),
            Change::Deferred(change) => self.deferred_holds(change, now),
            Change::Grant(change) => match change {
                GrantChange::Add(grant, basis) => {
                    !self.grants.contains_key(&grant.id)
                        && self.stands(basis.user, &grant.subject)
                        && self.is_at(&grant.client, basis.client_epoch)
                }
                GrantChange::Consent(_) | GrantChange::ForgetConsent(..) => true,
            },
            Change::Token(change) => self.token_holds(change),
            Change::Session(change) => match change {
                SessionChange::Add(token, row, version) => {
                    let is_new = !self.sessions.contains_key(&SessionId(token.id));
                    is_new && self.stands(UserBasis::Subject(*version), &row.subject)
                }
                SessionChange::Renew(token, row, version) => {
                    let session = UserBasis::Session(SessionId(token.id));
                    self.stands(session, &row.subject)
                        && self.stands(UserBasis::Subject(*version), &row.subject)
                }
                SessionChange::Touch(..) => true,
            },
            Change::Interaction(change) => match change {
                InteractionChange::Add(token, _) => !self.interactions.contains_key(&token.id),
                InteractionChange::Use(token, _) | InteractionChange::Update(token, _) => {
                    self.waits(token, now)
                }
                InteractionChange::Drop(_) => true,
            },
            Change::Registry(change) => self.registry_holds(change, now),
            Change::Key(change) => {
                let stored = self.keys.get(change.kid()).map(|key| key.state);
                match change {
                    KeyChange::Add(_) => stored.is_none(),
                    KeyChange::Activate(..) => stored == Some(KeyState::Next),
                    KeyChange::Retire(..) => stored == Some(KeyState::Active),
                    KeyChange::Delete(_, state) => stored == Some(*state),
                }
            }
            Change::Once(Remember { space, key, .. }) => {
                self.remembered.get(&(*space, key.clone())).is_none_or(|until| *until <= now)
            }
            Change::Item(item) => self.item_holds(item, now),
            Change::End(_) | Change::Refusals(_) => true,
        }
    }

    /// Whether the basis of a new grant for this subject still holds.
    fn stands(&self, basis: UserBasis, subject: &Subject) -> bool {
        match basis {
            UserBasis::Session(id) => {
                let kept = self.sessions.get(&id);
                kept.is_some_and(|kept| kept.ended_at.is_none() && kept.row.subject == *subject)
            }
            UserBasis::Subject(version) => self.version_of(subject) == version,
        }
    }

    /// Whether the client has this epoch, and is not disabled.
    fn is_at(&self, client: &ClientId, epoch: i64) -> bool {
        let caller = self.callers.get(client);
        caller.map_or(epoch == 0, |caller| caller.epoch == epoch && !caller.disabled)
    }

    fn code_holds(&self, change: &CodeChange) -> bool {
        match change {
            CodeChange::Add(code, _) => !self.codes.contains_key(&code.id),
            CodeChange::Use(code) => self.codes.get(&code.id).is_some_and(|(_, row)| !row.used),
            CodeChange::CountTry(_) => true,
        }
    }

    fn token_holds(&self, change: &TokenChange) -> bool {
        match change {
            TokenChange::AddAccess(token, _) => !self.access.contains_key(&token.id),
            TokenChange::AddRefresh(_, row) => !self.families.contains_key(&row.family),
            TokenChange::Rotate { family, from, .. } => {
                self.families.get(family).is_some_and(|(_, row)| row.generation == *from)
            }
            TokenChange::EndAccess(_) | TokenChange::RevokeJwt(..) => true,
        }
    }

    /// Whether an interaction is unanswered and not expired.
    fn waits(&self, token: &Handle<InteractionToken>, now: Timestamp) -> bool {
        self.interactions.get(&token.id).is_some_and(|(_, row)| !row.used && now < row.expires_at)
    }

    fn registry_holds(&self, change: &RegistryChange, now: Timestamp) -> bool {
        match change {
            RegistryChange::PutClient(client, expect) => {
                let id = &client.caller.id;
                let version = self.clients.get(id).map(|client| client.version);
                // A resource may share a client's credentials; a client never takes over a resource's.
                let taken = version.is_none() && (self.callers.contains_key(id) || self.is_user(id));
                !taken && is_expected(version, *expect)
            }
            RegistryChange::PutResource(resource, expect) => {
                let version = self.resources.get(&resource.identifier).map(|resource| resource.version);
                let caller = resource.caller.as_ref().map(|caller| &caller.id);
                let taken = caller.is_some_and(|id| !self.callers.contains_key(id) && self.is_user(id));
                !taken && is_expected(version, *expect)
            }
            RegistryChange::DeleteUnused(id) => {
                let until = self.clients.get(id).and_then(|client| client.registered.unused_until);
                until.is_some_and(|until| until < now)
            }
            RegistryChange::DeleteClient(_)
            | RegistryChange::KeepClient(_)
            | RegistryChange::DeleteResource(_)
            | RegistryChange::PutScope(_)
            | RegistryChange::DeleteScope(_) => true,
        }
    }

    fn is_user(&self, id: &ClientId) -> bool {
        self.accounts.contains(id.as_str())
    }

    fn item_holds(&self, item: &Item, now: Timestamp) -> bool {
        let stored = self.items.get(&(item.space.clone(), item.key.clone()));
        let value = stored.filter(|stored| now <= stored.until).map(|stored| &stored.value);
        value == item.expect.as_ref()
    }
}

fn is_expected(version: Option<i64>, expect: Expect) -> bool {
    match expect {
        Expect::Absent => version.is_none(),
        Expect::Version(expected) => version == Some(expected),
    }
}
