//! Registered clients, resources and scopes, parsed once and cached until the registry's version changes.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, RwLock},
};

use protocol::{Audience, ClientId, uri::is_http_localhost};

pub use crate::registration::{
    AccessTokenFormat, AccessTokenType, IntrospectionAudience, RegisteredClient, RegisteredResource,
};
use crate::{
    error::Fault,
    store::{Scope, Store},
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
    version: Option<i64>,
    /// `None`: only a resource has this id.
    clients: HashMap<ClientId, Option<Arc<RegisteredClient>>>,
    resources: Option<Arc<Resources>>,
    origins: Option<Arc<HashSet<String>>>,
}

/// Every resource and scope.
#[derive(Debug, Default)]
pub struct Resources {
    /// Every resource, by identifier.
    pub all: Vec<Arc<RegisteredResource>>,
    /// Every scope that has a description or claims.
    pub scopes: Vec<Scope>,
}

impl Resources {
    /// The resource with this identifier, byte for byte (RFC 8707 §2).
    pub fn by_identifier(&self, identifier: &str) -> Option<&Arc<RegisteredResource>> {
        self.all.iter().find(|resource| resource.identifier.as_str() == identifier)
    }

    /// The resources that authenticate by this id.
    pub fn by_caller<'s>(&'s self, id: &'s str) -> impl Iterator<Item = &'s Arc<RegisteredResource>> {
        self.all
            .iter()
            .filter(move |resource| resource.caller.as_ref().is_some_and(|caller| caller.id.as_str() == id))
    }

    /// The registered scope of this name.
    pub fn scope(&self, name: &str) -> Option<&Scope> {
        self.scopes.iter().find(|scope| scope.scope == name)
    }

    /// The resources with these identifiers; deleted ones are left out.
    pub fn of<'s>(&'s self, audience: &'s [Audience]) -> impl Iterator<Item = &'s Arc<RegisteredResource>> {
        audience.iter().filter_map(|identifier| self.by_identifier(identifier.as_str()))
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
        let Some(id) = ClientId::parse(id) else { return Ok(None) };
        let read = |record| RegisteredClient::read(record).at_any_localhost(self.any_localhost);
        let client = self.store.client(&id).await?.map(read).map(Arc::new);
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
        let all =
            self.store.resources().await?.into_iter().map(RegisteredResource::read).map(Arc::new).collect();
        let resources = Arc::new(Resources { all, scopes: self.store.scopes().await? });
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
        if let Some(origins) = self.cached(version, |cache| cache.origins.clone()) {
            return Ok(origins.contains(origin));
        }
        let (mut origins, mut after) = (HashSet::new(), None);
        loop {
            let page = self.store.list_clients(after.as_ref(), PAGE).await?;
            after = page.last().map(|client| client.caller.id.clone());
            for client in page {
                origins.extend(RegisteredClient::read(client).origins);
            }
            if after.is_none() {
                break;
            }
        }
        let answer = origins.contains(origin);
        self.store_in_cache(version, |cache| cache.origins = Some(Arc::new(origins)));
        Ok(answer)
    }

    fn cached<T>(&self, version: i64, read: impl FnOnce(&Cache) -> Option<T>) -> Option<T> {
        let cache = self.cache.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        if cache.version == Some(version) { read(&cache) } else { None }
    }

    /// Adds only to the same version: a concurrent thread may have cached a newer one.
    fn store_in_cache(&self, version: i64, add: impl FnOnce(&mut Cache)) {
        let mut cache = self.cache.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        if cache.version.is_some_and(|known| known > version) {
            return;
        }
        if cache.version != Some(version) {
            *cache = Cache { version: Some(version), ..Cache::default() };
        }
        add(&mut cache);
    }
}
