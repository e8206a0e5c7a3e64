//! The credentials of an id, which a resource may share with a client.

use protocol::ClientId;
use zeroize::Zeroizing;

use super::{Credentials, MissingSecret};
use crate::{
    registration::{resource::ResourceRegistration, secret::Needs},
    store::{Caller, Resource, StoredSecret},
};

/// The error if a secret is missing and a generated one could not be shown.
const SECRET_MISSING: &str = "is required: give client_secret, or client_secret_file in a file (only `passavant client create` makes one)";

/// The invalid member, and what is wrong with it.
type Wrong = (&'static str, String);

/// The owner of the credentials.
pub(super) struct Owner<'o> {
    pub(super) id: &'o ClientId,
    /// The given secret.
    pub(super) given: Option<&'o Zeroizing<String>>,
    /// The stored credentials.
    pub(super) stored: Option<&'o Caller>,
    /// Whether the owner requires a secret.
    pub(super) needs_secret: bool,
}

impl Credentials<'_> {
    /// Plans the credentials of an id: the stored ones, with a given or generated secret in the form its owners need.
    pub(super) fn plan(&mut self, owner: Owner<'_>) -> Result<Caller, String> {
        let Owner { id, given, stored, needs_secret } = owner;
        let fresh = || Caller { id: id.clone(), epoch: self.draw.row_id(), disabled: false, secret: None };
        let mut caller = stored.cloned().unwrap_or_else(fresh);
        let kept = caller.secret.take();
        let before = kept.as_ref().map(|kept| kept.digest);
        caller.secret = match (given, kept) {
            (None, None) if needs_secret => Some(self.draw_secret(id)?),
            (None, Some(_)) if self.batch.missing_secret == MissingSecret::Replace => {
                Some(self.draw_secret(id)?)
            }
            (given, kept) => self.secret(id, kept, given.map(|secret| secret.as_str()))?,
        };
        // Another secret ends the tokens that a resource was given under the one before: they last for a year.
        let after = caller.secret.as_ref().map(|secret| secret.digest);
        if before.is_some() && before != after && self.is_resource(id) {
            caller.epoch = self.draw.row_id();
        }
        self.planned.insert(id.clone(), caller.clone());
        Ok(caller)
    }

    /// Shares the credentials of a client.
    pub(super) fn shared_caller(
        &self,
        entry: &ResourceRegistration,
        caller: Caller,
    ) -> Result<Caller, Wrong> {
        let id = &caller.id;
        if self.is_public(id) {
            let text = format!("the client {id} authenticates by `none`, and a resource must authenticate");
            return Err(("client_id", text));
        }
        let is_other = |given: &Zeroizing<String>| !self.is_secret_of(&caller, given);
        if entry.secret.as_ref().is_some_and(is_other) {
            return Err(("client_secret", differs(id)));
        }
        if let Some(secret) = caller.secret.as_ref().filter(|_| entry.needs().itself) {
            let Some(itself) = self.master.recover_secret(id, secret) else {
                let text = format!("this registration needs the secret itself: give it with the client {id}");
                return Err(("client_secret", text));
            };
            entry.needs().allow(itself.len()).map_err(|text| ("client_secret", text))?;
        }
        Ok(caller)
    }

    /// The credentials of a resource without a client of the same id.
    pub(super) fn own_caller(
        &mut self,
        entry: &ResourceRegistration,
        id: &ClientId,
    ) -> Result<Caller, Wrong> {
        let settings = &entry.settings;
        match settings.token_endpoint_auth_method.as_deref() {
            // Introspection requires authorization (RFC 7662 §2.1).
            Some("none") => {
                return Err((
                    "token_endpoint_auth_method",
                    "a resource must authenticate to introspect".to_owned(),
                ));
            }
            Some("private_key_jwt") if settings.jwks.is_none() && settings.jwks_uri.is_none() => {
                return Err((
                    "token_endpoint_auth_method",
                    "private_key_jwt needs jwks or jwks_uri".to_owned(),
                ));
            }
            Some(_) | None => {}
        }
        let stored = self.of_resources.get(id).cloned();
        if let Some(caller) = stored.as_ref().filter(|_| !self.has_owner(entry, id)) {
            let is_other = |given: &Zeroizing<String>| !self.is_secret_of(caller, given);
            if entry.secret.as_ref().is_some_and(is_other) {
                return Err(("client_secret", differs(id)));
            }
        }
        let owner = Owner {
            id,
            given: entry.secret.as_ref(),
            stored: stored.as_ref(),
            needs_secret: entry.needs_secret(),
        };
        self.plan(owner).map_err(|text| ("client_secret", text))
    }

    pub(super) fn is_public(&self, id: &ClientId) -> bool {
        self.client_metadata(id).is_some_and(|metadata| metadata.auth_method() == "none")
    }

    /// Whether the credentials of an id belong to this resource already, or to others of the batch. A resource that
    /// joins them must not change them for the others.
    fn has_owner(&self, entry: &ResourceRegistration, id: &ClientId) -> bool {
        let is_listed = |resource: &&Resource| {
            resource.identifier == entry.identifier || self.index.resources.contains(&resource.identifier)
        };
        self.index.stored_of.get(id).is_some_and(|own| own.iter().any(is_listed))
    }

    fn is_secret_of(&self, caller: &Caller, given: &str) -> bool {
        let is = |stored| self.master.is_secret(&caller.id, given.as_bytes(), stored);
        caller.secret.as_ref().is_some_and(is)
    }

    /// What all registrations of an id need of its secret.
    fn needs_of(&self, id: &ClientId) -> Needs {
        self.needs.get(id).copied().unwrap_or_default()
    }

    /// Whether a resource authenticates by this id, now or after the batch.
    pub(super) fn is_resource(&self, id: &ClientId) -> bool {
        self.of_resources.contains_key(id) || self.index.listed_of.contains_key(id)
    }

    fn draw_secret(&mut self, id: &ClientId) -> Result<StoredSecret, String> {
        if self.batch.missing_secret == MissingSecret::Refuse {
            return Err(SECRET_MISSING.to_owned());
        }
        let needs = self.needs_of(id);
        let secret = self.draw.client_secret_of(needs.bytes_min());
        let stored = self.master.store_secret(id, &secret, needs.itself);
        self.drawn.insert(id.clone(), secret);
        Ok(stored)
    }

    /// The secret as it will be stored. A given secret that equals the stored one does not change it.
    fn secret(
        &self,
        id: &ClientId,
        stored: Option<StoredSecret>,
        given: Option<&str>,
    ) -> Result<Option<StoredSecret>, String> {
        let (master, needs) = (self.master, self.needs_of(id));
        let recoverable = needs.itself;
        given.map_or(Ok(()), |given| needs.allow(given.len()))?;
        let is_kept = |given: &str| {
            let is_right = |stored: &StoredSecret| stored.sealed.is_some() == recoverable;
            let is_same = |stored: &StoredSecret| master.is_secret(id, given.as_bytes(), stored);
            stored.as_ref().is_some_and(|stored| is_same(stored) && is_right(stored))
        };
        if let Some(given) = given.filter(|given| !is_kept(given)) {
            return Ok(Some(master.store_secret(id, given, recoverable)));
        }
        match stored {
            Some(stored) if recoverable => match master.recover_secret(id, &stored) {
                Some(itself) => needs.allow(itself.len()).map(|()| Some(stored)),
                None => {
                    Err("this registration needs the secret itself, and only its digest was kept: give it \
                             again"
                        .to_owned())
                }
            },
            stored => Ok(stored.map(|stored| StoredSecret { sealed: None, ..stored })),
        }
    }
}

fn differs(id: &ClientId) -> String {
    format!("differs from the one that {id} has; leave it out here")
}
