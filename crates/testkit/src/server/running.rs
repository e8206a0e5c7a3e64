//! A server in the process of the test.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use http::Request;
use jose::{JwkSet, SignatureAlgorithm, SigningKey, Unverified, Verified};
use protocol::{ClientId, Subject};
use serde_json::Value;
use server::{
    AuthorizationServer,
    ports::Clock as _,
    store::{Commit, Event, Expect, RegistryChange, SeenSubject, Store},
};
use tower_service::Service as _;

use super::{
    Assertion, DpopProof, Reply, ScriptedFetch, TestAccounts, TestClient, TestResource,
    registration::public_keys,
};
use crate::VirtualClock;

/// A running server. Clones share one server.
#[derive(Clone)]
pub struct Running {
    /// The server itself.
    pub authorization_server: AuthorizationServer,
    /// Its clock.
    pub clock: VirtualClock,
    /// Its accounts.
    pub accounts: Arc<TestAccounts>,
    /// The documents of its peers.
    pub fetch: Arc<ScriptedFetch>,
    /// Its store.
    pub store: Arc<dyn Store>,
    known: Arc<Mutex<BTreeMap<String, Known>>>,
    /// The cursor of the last event before it was started.
    pub(super) furnished: i64,
}

/// The credentials of registered clients and resources.
#[derive(Clone, Debug)]
struct Known {
    credentials: Credentials,
    redirect_uri: Option<String>,
}

/// The authentication of a client or resource.
#[derive(Clone, Debug)]
pub(super) enum Credentials {
    None,
    Basic(String),
    Post(String),
    Key(SigningKey),
}

impl Running {
    /// One step of housekeeping.
    ///
    /// # Panics
    /// If the store fails.
    pub async fn maintain(&self) {
        self.authorization_server.maintain(100).await.expect("the store works");
    }

    pub(super) fn new(
        authorization_server: AuthorizationServer,
        clock: VirtualClock,
        accounts: Arc<TestAccounts>,
        fetch: Arc<ScriptedFetch>,
        store: Arc<dyn Store>,
    ) -> Self {
        Self { authorization_server, clock, accounts, fetch, store, known: Arc::default(), furnished: 0 }
    }

    /// Its issuer.
    pub fn issuer(&self) -> &str {
        self.authorization_server.settings().issuer.as_str()
    }

    /// The time of its clock, in seconds since 1970.
    pub fn now(&self) -> i64 {
        self.clock.now().0
    }

    /// Answers a request, sent unchanged. Paths are relative to the issuer.
    pub async fn call<B>(&self, request: Request<B>) -> Reply
    where
        B: http_body_util::BodyExt<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let Ok(answer) = self.authorization_server.service().call(request).await;
        Reply::read(answer, self.issuer()).await
    }

    /// The key set as it is served.
    ///
    /// # Panics
    /// If it is not a valid key set.
    pub async fn jwks(&self) -> JwkSet {
        let served = self.get("/jwks").send().await.ok();
        JwkSet::parse(served.body().as_bytes()).expect("a key set")
    }

    /// Verifies a signed token with the key of its `kid` in the served key set.
    ///
    /// # Panics
    /// If there is no such key, or the signature is invalid.
    pub async fn verified(&self, token: &str) -> Verified {
        let unverified = Unverified::parse(token).expect("a JWS");
        let algorithm = unverified.algorithm().expect("a known algorithm");
        assert!(unverified.kid().is_some(), "it names no key");
        let keys = self.jwks().await;
        let keys = keys.verifying_keys(unverified.kid(), algorithm).expect("a served key");
        unverified.verify_any(&keys).expect("a good signature")
    }

    /// The claims of a signed token, verified under the served key set.
    ///
    /// # Panics
    /// If the signature is invalid.
    pub async fn claims(&self, token: &str) -> Value {
        Value::Object(self.verified(token).await.claims().expect("claims").into_map())
    }

    /// Builds an assertion of this client, signed with its key.
    ///
    /// # Panics
    /// If the client has none.
    pub fn assertion(&self, client: &str) -> Assertion {
        let Credentials::Key(key) = self.credentials(client) else { panic!("{client} has no key") };
        Assertion::new(client, self.issuer(), self.now(), key)
    }

    /// Builds a DPoP proof by this key for a request with this method and path, made now.
    pub fn proof(&self, key: &SigningKey, method: &str, path: &str) -> DpopProof {
        DpopProof::new(key, method, &format!("{}{path}", self.issuer()), self.now())
    }

    /// Serves these public keys at a `jwks_uri` of a peer.
    pub fn serve_keys(&self, url: &str, keys: &[&SigningKey]) {
        self.fetch.serve(url, &public_keys(keys));
    }

    /// Registers a client, or replaces the one with its id. A new client, and one that is disabled by it, gets a new
    /// epoch.
    ///
    /// # Panics
    /// If a resource has its id.
    pub async fn put_client(&self, client: TestClient) {
        let id = ClientId::new(client.id.as_str());
        let before = self.store.client(&id).await.expect("the store answers");
        let expect = before.as_ref().map_or(Expect::Absent, |before| Expect::Version(before.version));
        let fresh = self.authorization_server.draw_row_id();
        let mut record = client.record(self.authorization_server.master(), fresh);
        // A client that is enabled, or was disabled before, keeps its epoch.
        if let Some(before) = before.filter(|before| before.caller.disabled || !record.caller.disabled) {
            record.caller.epoch = before.caller.epoch;
        }
        let change = RegistryChange::PutClient(Box::new(record), expect);
        self.commit(Commit::new(self.clock.now()).with(change)).await;
        self.know(client.id.clone(), credentials_of(&client), client.metadata.redirect_uris.first().cloned());
    }

    /// Makes a client known that registered itself: with this secret, or without a credential.
    pub fn introduce(&self, id: &str, secret: Option<&str>, redirect_uri: &str) {
        let credentials = secret.map_or(Credentials::None, |secret| Credentials::Post(secret.to_owned()));
        self.know(id.to_owned(), credentials, Some(redirect_uri.to_owned()));
    }

    /// The same for one that authenticates by a key.
    pub fn introduce_key(&self, id: &str, key: &SigningKey, redirect_uri: &str) {
        self.know(id.to_owned(), Credentials::Key(key.clone()), Some(redirect_uri.to_owned()));
    }

    /// Deletes a client.
    pub async fn delete_client(&self, id: &str) {
        let change = RegistryChange::DeleteClient(ClientId::new(id));
        self.commit(Commit::new(self.clock.now()).with(change)).await;
    }

    /// Registers a resource, or replaces the one with its identifier.
    ///
    /// # Panics
    /// If the store refuses it.
    pub async fn put_resource(&self, resource: TestResource) {
        let epoch = self.authorization_server.draw_row_id();
        let record = resource.record(self.authorization_server.master(), epoch);
        let known = self.store.resources().await.expect("the store answers");
        let before = known.into_iter().find(|known| known.identifier == record.identifier);
        let expect = before.map_or(Expect::Absent, |before| Expect::Version(before.version));
        let change = RegistryChange::PutResource(Box::new(record), expect);
        self.commit(Commit::new(self.clock.now()).with(change)).await;
        if let Some((id, Some(secret))) = resource.caller {
            self.know(id, Credentials::Basic(secret), None);
        }
    }

    /// A subject, as a page of the host reads it before it checks a password.
    ///
    /// # Panics
    /// When the store fails.
    pub async fn seen(&self, subject: &Subject) -> SeenSubject {
        self.store.subject(subject).await.expect("the store works")
    }

    /// The events since it was started.
    ///
    /// # Panics
    /// When the store fails.
    pub async fn events(&self) -> Vec<Event> {
        let events = self.store.events(self.furnished, u32::MAX).await.expect("the store works");
        events.into_iter().map(|(_, event)| event).collect()
    }

    /// Writes directly to the store.
    ///
    /// # Panics
    /// If a guard fails.
    pub async fn commit(&self, commit: Commit) {
        self.store.commit(commit).await.expect("the store works").expect("every guard holds");
    }

    pub(super) fn credentials(&self, id: &str) -> Credentials {
        self.known(id).credentials
    }

    pub(super) fn redirect_uri(&self, client: &str) -> Option<String> {
        self.known(client).redirect_uri
    }

    fn known(&self, id: &str) -> Known {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(id).unwrap_or_else(|| panic!("{id} is not registered")).clone()
    }

    fn know(&self, id: String, credentials: Credentials, redirect_uri: Option<String>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(id, Known { credentials, redirect_uri });
    }
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Running({})", self.issuer())
    }
}

fn credentials_of(client: &TestClient) -> Credentials {
    let secret = client.secret.clone().unwrap_or_default();
    match (client.metadata.auth_method(), &client.key) {
        (_, Some(key)) => Credentials::Key(key.clone()),
        ("none" | "tls_client_auth" | "self_signed_tls_client_auth", None) => Credentials::None,
        ("client_secret_post", None) => Credentials::Post(secret),
        ("client_secret_jwt", None) => {
            let key = SigningKey::hmac(SignatureAlgorithm::Hs256, secret.as_bytes());
            Credentials::Key(key.expect("a secret that is long enough"))
        }
        _ => Credentials::Basic(secret),
    }
}
