//! Checks registrations against the existing ones, and makes their records. A client and the resources with the same
//! id share one set of credentials.

mod caller;
mod roles;
mod signing;

use std::collections::{HashMap, HashSet};

use protocol::{Audience, ClientId, Subject};
use zeroize::Zeroizing;

use super::{
    client::ClientRegistration,
    finding::{Finding, Findings},
    resource::ResourceRegistration,
    secret::Needs,
    view::RegistryView,
};
use crate::{
    draw::Draw,
    master::MasterKey,
    store::{Caller, Client, Resource},
};

/// What one change registers and deletes, atomically.
#[derive(Clone, Debug)]
pub struct Batch<'b> {
    /// Clients to register or replace.
    pub clients: &'b [ClientRegistration],
    /// Resources to register or replace.
    pub resources: &'b [ResourceRegistration],
    /// Accounts that are added, whose `sub` must be no client's id.
    pub subjects: HashSet<Subject>,
    /// Clients to delete.
    pub deleted: HashSet<ClientId>,
    /// What to do if a secret is required, but none is stored and none is given.
    pub missing_secret: MissingSecret,
    /// Whether new records are marked as made by `apply`, so that a later `apply` may delete them.
    pub applied: bool,
}

/// What to do if a secret is required, but none is stored and none is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingSecret {
    /// Refuse it, since a generated secret could not be shown.
    Refuse,
    /// Generate one; see [`Credentials::drawn`].
    Draw,
    /// Generate one, in place of a stored one too.
    Replace,
}

/// The credentials behind every id of a [`Batch`], and the records made with them.
#[derive(Debug)]
pub struct Credentials<'c> {
    master: &'c MasterKey,
    draw: Draw<'c>,
    view: &'c RegistryView,
    batch: Batch<'c>,
    index: Index<'c>,
    /// What the registrations of each id need of its secret.
    needs: HashMap<ClientId, Needs>,
    of_resources: HashMap<ClientId, Caller>,
    planned: HashMap<ClientId, Caller>,
    drawn: HashMap<ClientId, Zeroizing<String>>,
}

/// What is looked up for each entry: with it, a batch takes time in proportion to its entries.
#[derive(Debug, Default)]
struct Index<'c> {
    clients: HashMap<&'c ClientId, &'c ClientRegistration>,
    resources: HashSet<&'c Audience>,
    stored_resources: HashMap<&'c Audience, &'c Resource>,
    /// The stored resources that authenticate by each id.
    stored_of: HashMap<&'c ClientId, Vec<&'c Resource>>,
    /// The resources of the batch that authenticate by each id.
    listed_of: HashMap<&'c ClientId, Vec<&'c ResourceRegistration>>,
}

impl<'c> Index<'c> {
    fn new(view: &'c RegistryView, batch: &Batch<'c>) -> Self {
        let mut index = Self {
            clients: batch.clients.iter().map(|entry| (&entry.id, entry)).collect(),
            resources: batch.resources.iter().map(|entry| &entry.identifier).collect(),
            ..Self::default()
        };
        for entry in batch.resources {
            if let Some(id) = &entry.client_id {
                index.listed_of.entry(id).or_default().push(entry);
            }
        }
        for stored in &view.resources {
            index.stored_resources.insert(&stored.identifier, stored);
            if let Some(caller) = &stored.caller {
                index.stored_of.entry(&caller.id).or_default().push(stored);
            }
        }
        index
    }
}

impl<'c> Credentials<'c> {
    /// Prepares the check of a batch.
    pub fn new(master: &'c MasterKey, draw: Draw<'c>, view: &'c RegistryView, batch: Batch<'c>) -> Self {
        let index = Index::new(view, &batch);
        let mut needs: HashMap<ClientId, Needs> = HashMap::new();
        let mut add = |id: &ClientId, more: Needs| {
            let known = needs.entry(id.clone()).or_default();
            *known = known.and(more);
        };
        batch.clients.iter().for_each(|entry| add(&entry.id, entry.needs()));
        for entry in batch.resources {
            entry.client_id.iter().for_each(|id| add(id, entry.needs()));
        }
        let mut of_resources = HashMap::new();
        for kept in &view.resources {
            let Some(caller) = &kept.caller else { continue };
            if !index.resources.contains(&kept.identifier) {
                add(&caller.id, Needs::of(&kept.settings));
            }
            of_resources.insert(caller.id.clone(), caller.clone());
        }
        let (planned, drawn) = (HashMap::new(), HashMap::new());
        Self { master, draw, view, batch, index, needs, of_resources, planned, drawn }
    }

    /// The record of a client with its credentials, or `None` after adding the errors to the findings. Clients must
    /// be processed before the resources that may share their credentials.
    pub fn client(&mut self, entry: &ClientRegistration, findings: &mut Findings) -> Option<Client> {
        let stored = self.view.clients.get(&entry.id);
        if stored.is_none() && self.of_resources.contains_key(&entry.id) {
            let text = "is the client_id of a resource already; register the client first, then the resource";
            findings.refuse(Finding::new(entry.at("client_id"), text));
            return None;
        }
        self.client_is_no_user(entry, stored.is_some(), findings);
        self.client_is_no_audience(entry, stored.is_some(), findings);
        self.client_fits_its_resources(entry, findings);
        let ClientRegistration { metadata, require_pkce, skip_consent, .. } = entry;
        self.warn_of_client_signatures(entry, findings);
        let caller = self.client_caller(entry, stored, findings)?;
        Some(Client {
            caller,
            metadata: metadata.clone(),
            require_pkce: *require_pkce,
            skip_consent: *skip_consent,
            applied: stored.map_or(self.batch.applied, |client| client.applied),
            registered: stored.map(|client| client.registered.clone()).unwrap_or_default(),
            version: stored.map_or(0, |client| client.version),
        })
    }

    fn client_caller(
        &mut self,
        entry: &ClientRegistration,
        stored: Option<&Client>,
        findings: &mut Findings,
    ) -> Option<Caller> {
        let metadata = &entry.metadata;
        if entry.secret.is_some() && metadata.auth_method() == "none" {
            let text = "is stored, but never required: the client authenticates by `none`";
            findings.warn(Finding::new(entry.at("client_secret"), text));
        }
        if metadata.auth_method() == "private_key_jwt"
            && metadata.jwks.is_none()
            && metadata.jwks_uri.is_none()
        {
            let at = entry.at("token_endpoint_auth_method");
            findings.refuse(Finding::new(at, "private_key_jwt needs jwks or jwks_uri"));
        }
        let owner = caller::Owner {
            id: &entry.id,
            given: entry.secret.as_ref(),
            stored: stored.map(|client| &client.caller),
            needs_secret: entry.needs_secret(),
        };
        let mut caller = match self.plan(owner) {
            Ok(caller) => caller,
            Err(text) => {
                findings.refuse(Finding::new(entry.at("client_secret"), text));
                return None;
            }
        };
        // Tokens that were issued before end now, and stay ended if it is enabled again.
        if entry.disabled && stored.is_some_and(|client| !client.caller.disabled) {
            caller.epoch = self.draw.row_id();
        }
        caller.disabled = entry.disabled;
        Some(caller)
    }

    /// The record of a resource with its credentials, or `None` after adding the errors to the findings. The
    /// credentials of a client with the same id are used unchanged.
    pub fn resource(&mut self, entry: &ResourceRegistration, findings: &mut Findings) -> Option<Resource> {
        self.warn_of_resource_signatures(entry, findings);
        self.resource_fits_its_client(entry, findings);
        self.resource_is_no_client(entry, findings);
        let caller = match &entry.client_id {
            Some(id) => Some(self.resource_caller(entry, id, findings)?),
            None => None,
        };
        let stored = self.index.stored_resources.get(&entry.identifier);
        Some(Resource {
            // As it was registered first: the store and the tokens have that spelling.
            identifier: stored.map_or(&entry.identifier, |resource| &resource.identifier).clone(),
            caller,
            settings: entry.settings.clone(),
            applied: stored.map_or(self.batch.applied, |resource| resource.applied),
            version: stored.map_or(0, |resource| resource.version),
        })
    }

    fn resource_caller(
        &mut self,
        entry: &ResourceRegistration,
        id: &ClientId,
        findings: &mut Findings,
    ) -> Option<Caller> {
        if self.batch.deleted.contains(id) {
            let text = "is the client_id of a client that is deleted by this run: list that client too";
            findings.refuse(Finding::new(entry.at("client_id"), text));
            return None;
        }
        let stored_client = self.view.clients.get(id).map(|client| &client.caller);
        let verdict = match self.planned.get(id).or(stored_client).cloned() {
            Some(caller) => self.shared_caller(entry, caller),
            None => self.own_caller(entry, id),
        };
        match verdict {
            Ok(caller) => Some(caller),
            Err((member, text)) => {
                findings.refuse(Finding::new(entry.at(member), text));
                None
            }
        }
    }

    /// The generated secrets, by id. They are shown once, and not stored.
    pub fn drawn(self) -> HashMap<ClientId, Zeroizing<String>> {
        self.drawn
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        draw::LastId,
        ports::{Clock, SystemEntropy},
        registration::rules::{Registrar, Rules},
        settings::Settings,
    };

    const SECRET: &str = "a-secret-of-22-characters-or-more";
    const OTHER: &str = "another-secret-of-22-characters";

    struct Still;

    impl Clock for Still {
        fn millis(&self) -> i64 {
            1_700_000_000_000
        }
    }

    /// A registry to which batches are added.
    struct World {
        master: MasterKey,
        view: RegistryView,
        subjects: HashSet<Subject>,
    }

    /// The errors of a batch, and the secrets that were generated.
    type Said = (Vec<String>, HashMap<ClientId, Zeroizing<String>>);

    impl World {
        fn new() -> Self {
            let (master, view) = (MasterKey::new(&[7; 32]), RegistryView::default());
            Self { master, view, subjects: HashSet::new() }
        }

        /// Registers the valid entries of a batch, and returns the errors.
        fn register(&mut self, missing_secret: MissingSecret, clients: Value, resources: Value) -> Said {
            let settings = Settings::new("https://id.example").expect("an issuer");
            let rules = Rules::new(&settings, Registrar::Operator);
            let mut findings = Findings::default();
            let entries = |array: Value| array.as_array().cloned().expect("an array").into_iter().enumerate();
            let clients: Vec<_> = entries(clients)
                .filter_map(|(at, value)| {
                    ClientRegistration::read(format!("/clients/{at}"), value, &rules, &mut findings)
                })
                .collect();
            let resources: Vec<_> = entries(resources)
                .filter_map(|(at, value)| {
                    ResourceRegistration::read(format!("/resources/{at}"), value, &rules, &mut findings)
                })
                .collect();
            let batch = Batch {
                clients: &clients,
                resources: &resources,
                subjects: self.subjects.clone(),
                deleted: HashSet::new(),
                missing_secret,
                applied: false,
            };
            let last = LastId::default();
            let draw = Draw::new(&Still, &SystemEntropy, &last);
            let mut credentials = Credentials::new(&self.master, draw, &self.view, batch);
            let new_clients: Vec<_> =
                clients.iter().filter_map(|entry| credentials.client(entry, &mut findings)).collect();
            let new_resources: Vec<_> =
                resources.iter().filter_map(|entry| credentials.resource(entry, &mut findings)).collect();
            let drawn = credentials.drawn();
            self.view
                .clients
                .extend(new_clients.into_iter().map(|client| (client.caller.id.clone(), client)));
            self.view.resources.extend(new_resources);
            (findings.wrongs.iter().map(|wrong| wrong.pointer.clone()).collect(), drawn)
        }
    }

    fn shop(secret: Option<&str>) -> Value {
        json!([{ "client_id": "shop", "client_secret": secret, "grant_types": ["client_credentials"] }])
    }

    fn notes(identifier: &str, id: &str, secret: Option<&str>) -> Value {
        json!([{ "resource": identifier, "client_id": id, "client_secret": secret }])
    }

    #[test]
    fn a_secret_that_is_missing_is_refused_or_made() {
        let mut world = World::new();
        let (wrongs, drawn) = world.register(MissingSecret::Refuse, shop(None), json!([]));
        assert_eq!((wrongs, drawn.len()), (vec!["/clients/0/client_secret".to_owned()], 0));
        let (wrongs, drawn) = world.register(MissingSecret::Draw, shop(None), json!([]));
        assert_eq!((wrongs, drawn.len()), (vec![], 1));
        let client = &world.view.clients[&ClientId::new("shop")];
        let made = &drawn[&ClientId::new("shop")];
        let stored = client.caller.secret.as_ref().expect("kept");
        assert!(world.master.is_secret(&client.caller.id, made.as_bytes(), stored));
    }

    #[test]
    fn a_resource_shares_the_credentials_of_a_client_and_does_not_change_them() {
        let mut world = World::new();
        let resource = |secret| notes("https://notes.example", "shop", secret);
        let (wrongs, _) = world.register(MissingSecret::Refuse, shop(Some(SECRET)), resource(Some(OTHER)));
        assert_eq!(wrongs, ["/resources/0/client_secret"]);
        let (wrongs, drawn) = world.register(MissingSecret::Draw, json!([]), resource(None));
        assert_eq!((wrongs, drawn.len()), (vec![], 0));
        let client = &world.view.clients[&ClientId::new("shop")];
        assert_eq!(world.view.resources[0].caller.as_ref(), Some(&client.caller));
    }

    #[test]
    fn a_client_does_not_take_the_id_of_a_resource() {
        let mut world = World::new();
        let resource = notes("https://notes.example", "shop", Some(SECRET));
        assert_eq!(world.register(MissingSecret::Refuse, json!([]), resource).0, [""; 0]);
        let (wrongs, _) = world.register(MissingSecret::Refuse, shop(Some(SECRET)), json!([]));
        assert_eq!(wrongs, ["/clients/0/client_id"]);
    }

    #[test]
    fn a_new_resource_joins_the_credentials_of_another_and_does_not_change_them() {
        let mut world = World::new();
        let first = notes("https://notes.example", "rs", Some(SECRET));
        assert_eq!(world.register(MissingSecret::Refuse, json!([]), first.clone()).0, [""; 0]);
        let second = |secret| notes("https://music.example", "rs", secret);
        let (wrongs, _) = world.register(MissingSecret::Refuse, json!([]), second(Some(OTHER)));
        assert_eq!(wrongs, ["/resources/0/client_secret"]);
        assert_eq!(world.register(MissingSecret::Refuse, json!([]), second(None)).0, [""; 0]);
        assert_eq!(world.view.resources[0].caller, world.view.resources[1].caller);
        // In one batch both can get another secret.
        let both = json!([notes("https://notes.example", "rs", Some(OTHER))[0], second(Some(OTHER))[0]]);
        assert_eq!(world.register(MissingSecret::Refuse, json!([]), both).0, [""; 0]);
    }

    fn of_method(method: &str) -> Value {
        json!([{
            "client_id": "shop", "client_secret": (method != "none").then_some(SECRET),
            "token_endpoint_auth_method": method, "redirect_uris": ["https://shop.example/cb"],
        }])
    }

    const METHOD: &str = "/clients/0/token_endpoint_auth_method";

    /// RFC 7662 §2.1: from both sides, in one batch and in two.
    #[test]
    fn an_id_that_is_a_resources_is_never_public() {
        let resource = || notes("https://notes.example", "shop", None);
        let mut world = World::new();
        let (wrongs, _) = world.register(MissingSecret::Refuse, of_method("none"), resource());
        assert_eq!(wrongs, ["/resources/0/client_id"]);
        let mut world = World::new();
        assert_eq!(world.register(MissingSecret::Refuse, shop(Some(SECRET)), resource()).0, [""; 0]);
        assert_eq!(world.register(MissingSecret::Refuse, of_method("none"), json!([])).0, [METHOD]);
        let mut world = World::new();
        assert_eq!(world.register(MissingSecret::Refuse, of_method("none"), json!([])).0, [""; 0]);
        assert_eq!(
            world.register(MissingSecret::Refuse, json!([]), resource()).0,
            ["/resources/0/client_id"]
        );
    }

    #[test]
    fn a_client_and_its_resources_authenticate_by_one_method() {
        let resource = |method: Option<&str>| {
            json!([{ "resource": "https://notes.example", "client_id": "shop",
                     "token_endpoint_auth_method": method }])
        };
        let basic = || of_method("client_secret_basic");
        for (method, fits) in [
            (None, true),
            (Some("client_secret_basic"), true),
            (Some("client_secret_post"), false),
            (Some("private_key_jwt"), false),
        ] {
            let mut world = World::new();
            let (wrongs, _) = world.register(MissingSecret::Refuse, basic(), resource(method));
            assert_eq!(wrongs.is_empty(), fits, "{method:?}: {wrongs:?}");
        }
        let mut world = World::new();
        let both = resource(Some("client_secret_basic"));
        assert_eq!(world.register(MissingSecret::Refuse, basic(), both).0, [""; 0]);
        assert_eq!(
            world.register(MissingSecret::Refuse, of_method("client_secret_post"), json!([])).0,
            [METHOD]
        );
    }

    #[test]
    fn two_resources_with_one_id_authenticate_by_one_method() {
        let resource = |identifier: &str, method: &str| {
            json!({ "resource": identifier, "client_id": "rs", "client_secret": SECRET,
                    "token_endpoint_auth_method": method })
        };
        let first = resource("https://notes.example", "client_secret_basic");
        let second = resource("https://music.example", "client_secret_post");
        let at = "/resources/0/token_endpoint_auth_method";
        let mut world = World::new();
        let (wrongs, _) = world.register(MissingSecret::Refuse, json!([]), json!([first, second]));
        assert_eq!(wrongs, [at, "/resources/1/token_endpoint_auth_method"]);
        let mut world = World::new();
        assert_eq!(world.register(MissingSecret::Refuse, json!([]), json!([first])).0, [""; 0]);
        assert_eq!(world.register(MissingSecret::Refuse, json!([]), json!([second])).0, [at]);
    }

    /// RFC 9700 §4.15: neither takes the other's name, whoever is first.
    #[test]
    fn no_client_and_no_resource_has_the_sub_of_a_user() {
        let shop = || shop(Some(SECRET));
        let resource = || notes("https://notes.example", "rs", Some(SECRET));
        let mut world = World::new();
        world.view.users = ["shop", "rs"].map(ClientId::new).into();
        let (wrongs, _) = world.register(MissingSecret::Refuse, shop(), resource());
        assert_eq!(wrongs, ["/clients/0/client_id", "/resources/0/client_id"]);
        let mut world = World::new();
        world.subjects = ["shop", "rs"].map(Subject::new).into();
        let (wrongs, _) = world.register(MissingSecret::Refuse, shop(), resource());
        assert_eq!(wrongs, ["/clients/0/client_id", "/resources/0/client_id"], "in one batch");
        let mut world = World::new();
        assert_eq!(world.register(MissingSecret::Refuse, shop(), resource()).0, [""; 0]);
        world.view.users = ["shop", "rs"].map(ClientId::new).into();
        assert_eq!(world.register(MissingSecret::Refuse, shop(), resource()).0, [""; 0], "a warning only");
        let batch = Batch {
            clients: &[],
            resources: &[],
            subjects: HashSet::new(),
            deleted: HashSet::new(),
            missing_secret: MissingSecret::Refuse,
            applied: false,
        };
        let last = LastId::default();
        let draw = Draw::new(&Still, &SystemEntropy, &last);
        let credentials = Credentials::new(&world.master, draw, &world.view, batch);
        for (subject, is_free) in [("shop", false), ("rs", false), ("alice", true), ("Shop", true)] {
            assert_eq!(credentials.subject(&Subject::new(subject)).is_ok(), is_free, "{subject}");
        }
    }

    /// RFC 8725 §3.12: from both sides, in one batch and in two, in each spelling of the audience.
    #[test]
    fn no_client_is_the_audience_of_tokens_that_have_the_type_of_id_tokens() {
        let client = |id: &str| json!([{ "client_id": id, "client_secret": SECRET, "redirect_uris": ["https://shop.example/cb"] }]);
        let typed = |typ: &str| json!([{ "resource": "https://notes.example", "access_token_format": "jwt", "access_token_typ": typ }]);
        let (as_client, as_resource) = (["/clients/0/client_id"], ["/resources/0/access_token_typ"]);
        for id in ["https://notes.example", "https://notes.example/"] {
            let mut world = World::new();
            assert_eq!(
                world.register(MissingSecret::Refuse, client(id), typed("JWT")).0,
                as_resource,
                "{id}"
            );
            let mut world = World::new();
            assert_eq!(world.register(MissingSecret::Refuse, json!([]), typed("JWT")).0, [""; 0]);
            assert_eq!(world.register(MissingSecret::Refuse, client(id), json!([])).0, as_client, "{id}");
            let mut world = World::new();
            assert_eq!(world.register(MissingSecret::Refuse, client(id), typed("at+jwt")).0, [""; 0], "{id}");
            assert_eq!(world.register(MissingSecret::Refuse, json!([]), typed("JWT")).0, as_resource, "{id}");
        }
        let mut world = World::new();
        let other = client("https://notes.example/web");
        assert_eq!(world.register(MissingSecret::Refuse, other, typed("JWT")).0, [""; 0]);
    }

    /// RFC 7518 §3.2: at registration, not when the first token is signed.
    #[test]
    fn a_secret_is_long_enough_for_its_mac_or_refused() {
        let signed = |secret: Option<&str>, alg: &str| {
            json!([{ "client_id": "shop", "client_secret": secret, "id_token_signed_response_alg": alg,
                     "redirect_uris": ["https://shop.example/cb"] }])
        };
        let at = ["/clients/0/client_secret"];
        let long = "x".repeat(64);
        for (alg, secret, fits) in [
            ("HS256", &long[..32], true),
            ("HS256", &long[..31], false),
            ("HS384", &long[..48], true),
            ("HS384", &long[..47], false),
            ("HS512", &long[..64], true),
            ("HS512", &long[..63], false),
        ] {
            let mut world = World::new();
            let (wrongs, _) = world.register(MissingSecret::Refuse, signed(Some(secret), alg), json!([]));
            assert_eq!(wrongs.is_empty(), fits, "{alg} {}", secret.len());
            if fits {
                let (wrongs, _) = world.register(MissingSecret::Refuse, signed(None, "HS512"), json!([]));
                assert_eq!(wrongs.is_empty(), secret.len() >= 64, "a stored one is measured");
            }
        }
        for (alg, bytes) in [("HS256", 47), ("HS384", 48), ("HS512", 64)] {
            let mut world = World::new();
            let (wrongs, drawn) = world.register(MissingSecret::Draw, signed(None, alg), json!([]));
            assert_eq!(wrongs, [""; 0]);
            assert!(drawn[&ClientId::new("shop")].len() >= bytes, "{alg}");
        }
        // What a resource needs of the secret that it shares.
        let sharing = json!([{ "resource": "https://notes.example", "client_id": "shop",
            "token_endpoint_auth_method": "client_secret_jwt", "token_endpoint_auth_signing_alg": "HS512" }]);
        let client = |secret: &str| {
            json!([{ "client_id": "shop", "client_secret": secret, "redirect_uris": ["https://shop.example/cb"],
                     "token_endpoint_auth_method": "client_secret_jwt" }])
        };
        let mut world = World::new();
        assert_eq!(world.register(MissingSecret::Refuse, client(&long[..63]), sharing.clone()).0[..1], at);
        assert_eq!(world.register(MissingSecret::Refuse, client(&long), sharing).0, [""; 0]);
    }

    /// Tokens by which a resource introspects last for a year: another secret ends them.
    #[test]
    fn another_secret_of_a_resource_ends_its_tokens() {
        let resource = |secret| notes("https://notes.example", "rs", secret);
        let epoch =
            |world: &World| world.view.resources.last().and_then(|r| r.caller.as_ref().map(|c| c.epoch));
        let mut world = World::new();
        world.register(MissingSecret::Refuse, json!([]), resource(Some(SECRET)));
        let first = epoch(&world);
        for unchanged in [None, Some(SECRET)] {
            world.register(MissingSecret::Refuse, json!([]), resource(unchanged));
            assert_eq!(epoch(&world), first);
        }
        world.register(MissingSecret::Refuse, json!([]), resource(Some(OTHER)));
        assert_ne!(epoch(&world), first);
        let (_, drawn) = world.register(MissingSecret::Replace, json!([]), resource(None));
        assert!(drawn.contains_key(&ClientId::new("rs")));
        // A client that is no resource keeps its tokens: they last for minutes.
        let epoch = |world: &World| world.view.clients[&ClientId::new("shop")].caller.epoch;
        world.register(MissingSecret::Refuse, shop(Some(SECRET)), json!([]));
        let first = epoch(&world);
        world.register(MissingSecret::Refuse, shop(Some(OTHER)), json!([]));
        assert_eq!(epoch(&world), first);
        world.register(MissingSecret::Refuse, json!([]), notes("https://music.example", "shop", None));
        world.register(MissingSecret::Refuse, shop(Some(SECRET)), json!([]));
        assert_ne!(epoch(&world), first);
    }

    /// RFC 3986 §6.2.3: one resource, in its first spelling.
    #[test]
    fn a_resource_is_the_same_with_and_without_the_slash_of_an_empty_path() {
        let mut world = World::new();
        for identifier in ["https://notes.example", "https://notes.example/"] {
            let (wrongs, _) =
                world.register(MissingSecret::Refuse, json!([]), notes(identifier, "rs", Some(SECRET)));
            assert_eq!(wrongs, [""; 0]);
            let last = world.view.resources.last().expect("it is there");
            assert_eq!(last.identifier.as_str(), "https://notes.example");
        }
    }
}
