//! Registered clients, resources and scopes, parsed once and cached until they change. A change of one client drops that
//! client: the others stay cached, however many register.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use protocol::{Audience, ClientId, Scopes, uri::is_http_localhost};

pub use crate::registration::{
    AccessTokenFormat, AccessTokenType, IntrospectionAudience, RegisteredClient, RegisteredResource,
};
use crate::{
    error::Fault,
    store::{Client, RegistryVersion, Scope, Store},
};

/// Maximum number of cached clients; beyond it the cache is cleared.
const CLIENTS_CACHED_MAX: usize = 10_000;
/// Number of clients in one read when all of them must be examined.
const PAGE: u32 = 500;

/// The registry of one issuer, over its store.
pub struct Registry {
    store: Arc<dyn Store>,
    any_localhost: bool,
    cache: RwLock<Cache>,
}

#[derive(Default)]
struct Cache {
    /// The version that everything here is of. `None`: nothing is cached.
    version: Option<RegistryVersion>,
    /// `None`: only a resource has this id.
    clients: HashMap<ClientId, Option<Arc<RegisteredClient>>>,
    resources: Option<Arc<Resources>>,
    origins: Option<Origins>,
}

/// Every resource and scope, found by what requests name: no lookup takes longer with their number.
#[derive(Debug, Default)]
pub struct Resources {
    all: Vec<Arc<RegisteredResource>>,
    by_identifier: HashMap<Audience, usize>,
    by_caller: HashMap<ClientId, Vec<usize>>,
    /// The resources that list each scope, in the order of [`Self::all`].
    by_scope: HashMap<Box<str>, Vec<usize>>,
    scopes: HashMap<Box<str>, Scope>,
}

impl Resources {
    /// Indexes resources and scopes.
    pub fn new(all: Vec<Arc<RegisteredResource>>, scopes: Vec<Scope>) -> Self {
        let mut this = Self {
            scopes: scopes.into_iter().map(|scope| (scope.scope.as_str().into(), scope)).collect(),
            ..Self::default()
        };
        for (at, resource) in all.iter().enumerate() {
            this.by_identifier.entry(resource.identifier.clone()).or_insert(at);
            if let Some(caller) = &resource.caller {
                this.by_caller.entry(caller.id.clone()).or_default().push(at);
            }
            for scope in resource.scopes.iter() {
                this.by_scope.entry(scope.into()).or_default().push(at);
            }
        }
        this.all = all;
        this
    }

    /// Every resource, by identifier.
    pub fn all(&self) -> &[Arc<RegisteredResource>] {
        &self.all
    }

    /// The resource with this identifier (RFC 8707 §2), compared as [`Audience`] compares.
    pub fn by_identifier(&self, identifier: &Audience) -> Option<&Arc<RegisteredResource>> {
        self.by_identifier.get(identifier).map(|at| &self.all[*at])
    }

    /// The resources that authenticate by this id.
    pub fn by_caller(&self, id: &str) -> impl Iterator<Item = &Arc<RegisteredResource>> {
        self.by_caller.get(id).into_iter().flatten().map(|at| &self.all[*at])
    }

    /// The resources that list this scope.
    pub fn listing(&self, scope: &str) -> impl Iterator<Item = &Arc<RegisteredResource>> {
        self.by_scope.get(scope).into_iter().flatten().map(|at| &self.all[*at])
    }

    /// The resources that list any of these scopes, each once, in the order of [`Self::all`].
    pub fn listing_any(&self, scopes: &Scopes) -> impl Iterator<Item = &Arc<RegisteredResource>> {
        let mut found: Vec<usize> =
            scopes.iter().filter_map(|scope| self.by_scope.get(scope)).flatten().copied().collect();
        found.sort_unstable();
        found.dedup();
        found.into_iter().map(|at| &self.all[at])
    }

    /// The registered scope of this name, if it has a description or claims.
    pub fn scope(&self, name: &str) -> Option<&Scope> {
        self.scopes.get(name)
    }

    /// Every scope that a resource lists, sorted.
    pub fn listed_scopes(&self) -> Vec<&str> {
        let mut listed: Vec<&str> = self.by_scope.keys().map(|scope| &**scope).collect();
        listed.sort_unstable();
        listed
    }

    /// Every type of authorization details that a resource registered, in the order of the resources.
    pub fn details_types(&self) -> Vec<&str> {
        let types = self.all.iter().flat_map(|resource| resource.settings.authorization_details_types.keys());
        types.map(String::as_str).collect()
    }

    /// Every claim that a registered scope releases, in the order of the scopes.
    pub fn released_claims(&self) -> Vec<&str> {
        let mut scopes: Vec<&Scope> = self.scopes.values().collect();
        scopes.sort_unstable_by_key(|scope| &scope.scope);
        scopes.into_iter().flat_map(|scope| &scope.claims).map(String::as_str).collect()
    }

    /// The resources with these identifiers; deleted ones are left out.
    pub fn of<'s>(&'s self, audience: &'s [Audience]) -> impl Iterator<Item = &'s Arc<RegisteredResource>> {
        audience.iter().filter_map(|identifier| self.by_identifier(identifier))
    }
}

impl Registry {
    /// A registry with an empty cache. See [`Settings::any_localhost_redirect`](crate::Settings) for the flag.
    pub fn new(store: Arc<dyn Store>, any_localhost: bool) -> Self {
        Self { store, any_localhost, cache: RwLock::default() }
    }

    /// The client with this id, disabled or not.
    ///
    /// # Errors
    /// The store's.
    pub async fn client(&self, id: &str) -> Result<Option<Arc<RegisteredClient>>, Fault> {
        let version = self.store.registry_version()?;
        if let Some(client) = self.cached(version, |cache| cache.clients.get(id).cloned()) {
            return Ok(client);
        }
        self.catch_up(version).await?;
        if let Some(client) = self.cached(version, |cache| cache.clients.get(id).cloned()) {
            return Ok(client);
        }
        let Some(id) = ClientId::parse(id) else { return Ok(None) };
        let client = self.store.client(&id).await?.map(|record| Arc::new(self.parse(record)));
        // Unknown ids are not cached: their number is unlimited.
        if client.is_none() && self.resources().await?.by_caller(id.as_str()).next().is_none() {
            return Ok(None);
        }
        self.store_in_cache(version, |cache| {
            if cache.clients.len() >= CLIENTS_CACHED_MAX {
                cache.clients.clear();
            }
            cache.clients.insert(id, client.clone());
        });
        Ok(client)
    }

    /// Every resource and scope.
    ///
    /// # Errors
    /// The store's.
    pub async fn resources(&self) -> Result<Arc<Resources>, Fault> {
        let version = self.store.registry_version()?;
        if let Some(resources) = self.cached(version, |cache| cache.resources.clone()) {
            return Ok(resources);
        }
        self.catch_up(version).await?;
        if let Some(resources) = self.cached(version, |cache| cache.resources.clone()) {
            return Ok(resources);
        }
        let all =
            self.store.resources().await?.into_iter().map(RegisteredResource::read).map(Arc::new).collect();
        let resources = Arc::new(Resources::new(all, self.store.scopes().await?));
        self.store_in_cache(version, |cache| cache.resources = Some(resources.clone()));
        Ok(resources)
    }

    /// Whether any client has registered this origin, or a redirect URI of it. Decides CORS preflights, which name no
    /// client.
    ///
    /// # Errors
    /// The store's.
    pub async fn is_origin_registered(&self, origin: &str) -> Result<bool, Fault> {
        if self.any_localhost && is_http_localhost(origin) {
            return Ok(true);
        }
        let version = self.store.registry_version()?;
        self.catch_up(version).await?;
        let of_cache = |cache: &Cache| cache.origins.as_ref().map(|origins| origins.contains(origin));
        if let Some(answer) = self.cached(version, of_cache) {
            return Ok(answer);
        }
        let (mut origins, mut after) = (Origins::default(), None);
        loop {
            let page = self.store.list_clients(after.as_ref(), PAGE).await?;
            after = page.last().map(|client| client.caller.id.clone());
            for client in page {
                let client = RegisteredClient::read(client);
                origins.put(client.id().clone(), client.origins);
            }
            if after.is_none() {
                break;
            }
        }
        let answer = origins.contains(origin);
        self.store_in_cache(version, |cache| cache.origins = Some(origins));
        Ok(answer)
    }

    fn parse(&self, record: Client) -> RegisteredClient {
        RegisteredClient::read(record).at_any_localhost(self.any_localhost)
    }

    /// Brings the cache to this version: what changed since is dropped, and nothing else. The clients that changed are
    /// read again at once where their origins are needed.
    async fn catch_up(&self, version: RegistryVersion) -> Result<(), Fault> {
        let (known, needs_origins) = {
            let cache = self.cache.read().unwrap_or_else(PoisonError::into_inner);
            (cache.version, cache.origins.is_some())
        };
        let Some(known) = known.filter(|known| *known != version) else { return Ok(()) };
        if known.clients > version.clients || known.rest > version.rest {
            return Ok(());
        }
        // Also those that changed after this version: they are dropped once more with the next.
        let changed = match (known.rest == version.rest, known.clients == version.clients) {
            (true, true) => Some(Vec::new()),
            (true, false) => self.store.clients_changed(known.clients).await?,
            // Whether an id belongs to a resource, and which credentials it has, is cached with the clients.
            (false, _) => None,
        };
        let mut origins = Vec::new();
        for id in changed.iter().flatten().filter(|_| needs_origins) {
            let client = self.store.client(id).await?.map(RegisteredClient::read);
            origins.push((id.clone(), client.map(|client| client.origins).unwrap_or_default()));
        }
        let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
        if cache.version == Some(known) {
            cache.drop_changed(version, changed, origins);
        }
        Ok(())
    }

    fn cached<T>(&self, version: RegistryVersion, read: impl FnOnce(&Cache) -> Option<T>) -> Option<T> {
        let cache = self.cache.read().unwrap_or_else(PoisonError::into_inner);
        if cache.version == Some(version) { read(&cache) } else { None }
    }

    /// Adds only to the same version: a concurrent thread may have cached a newer one.
    fn store_in_cache(&self, version: RegistryVersion, add: impl FnOnce(&mut Cache)) {
        let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
        if *cache.version.get_or_insert(version) == version {
            add(&mut cache);
        }
    }
}

impl Cache {
    /// Drops these clients, or everything where it is not known what changed.
    fn drop_changed(
        &mut self,
        version: RegistryVersion,
        changed: Option<Vec<ClientId>>,
        origins: Vec<(ClientId, Vec<String>)>,
    ) {
        let Some(changed) = changed else {
            *self = Self { version: Some(version), ..Self::default() };
            return;
        };
        for id in &changed {
            self.clients.remove(id);
        }
        match &mut self.origins {
            Some(known) if origins.len() == changed.len() => {
                origins.into_iter().for_each(|(id, own)| known.put(id, own));
            }
            known => *known = None,
        }
        self.version = Some(version);
    }
}

/// The origins that clients registered, and of how many clients each is.
#[derive(Debug, Default)]
struct Origins {
    of_clients: HashMap<ClientId, Vec<String>>,
    counted: HashMap<String, usize>,
}

impl Origins {
    fn contains(&self, origin: &str) -> bool {
        self.counted.contains_key(origin)
    }

    /// Replaces the origins of a client; none where it was deleted.
    fn put(&mut self, id: ClientId, own: Vec<String>) {
        for origin in self.of_clients.remove(&id).into_iter().flatten() {
            if let Some(count) = self.counted.get_mut(&origin) {
                *count -= 1;
                if *count == 0 {
                    self.counted.remove(&origin);
                }
            }
        }
        for origin in &own {
            *self.counted.entry(origin.clone()).or_default() += 1;
        }
        if !own.is_empty() {
            self.of_clients.insert(id, own);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Resource, ResourceSettings};

    fn resources() -> Resources {
        let resource = |at: usize| {
            let scopes =
                vec![format!("own.{at}"), format!("shared.{}", at % 3), format!("shared.{}", at % 5)];
            let settings = ResourceSettings { scopes, ..ResourceSettings::default() };
            let identifier = Audience::new(format!("https://{at}.example"));
            let record = Resource { identifier, caller: None, settings, applied: false, version: 1 };
            Arc::new(RegisteredResource::read(record))
        };
        Resources::new((0..30).map(resource).collect(), vec![])
    }

    #[test]
    fn a_scope_finds_the_resources_that_list_it_each_once_and_in_order() {
        let resources = resources();
        for scopes in ["", "own.7", "openid own.7 own.3", "shared.0 own.9 shared.4", "shared.2 shared.1"] {
            let scopes = Scopes::stored(scopes);
            let lists = |resource: &&Arc<RegisteredResource>| {
                scopes.iter().any(|scope| resource.scopes.contains(scope))
            };
            let scanned: Vec<_> = resources.all().iter().filter(lists).map(|one| &one.identifier).collect();
            let found: Vec<_> = resources.listing_any(&scopes).map(|one| &one.identifier).collect();
            assert_eq!(found, scanned, "{scopes}");
        }
    }
}
