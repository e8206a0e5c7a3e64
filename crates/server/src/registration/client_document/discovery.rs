//! Looks a client up by its document, and registers it.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use fetching::NamedBy;
use protocol::{ClientId, Timestamp};

use super::{
    fetched::{Fetched, Wrong, can_be_published},
    url::is_client_url,
};
use crate::{
    AuthorizationServer,
    context::{ClientSource, Installed},
    error::Error,
    reason::Reason,
    registration::{
        Batch, Credentials, Findings, MissingSecret, RegistryView,
        stranger::{Allowed, Rejection, Requested, lists_redirect_uris},
    },
    registry::RegisteredClient,
    settings::ClientDocuments,
    store::{Actor, Client, Commit, Expect, Provenance, Registered, RegistryChange},
    window::{Most, Window},
};

/// The window in which documents are counted, in seconds.
const WINDOW_SECONDS: i64 = 3_600;
/// Seconds until a document that was unavailable or invalid is fetched again.
const RETRY_SECONDS: i64 = 60;
/// How many of those are remembered; beyond it, all are forgotten.
const FAILURES_MAX: usize = 1_000;

/// Installs the lookup.
pub(crate) fn install(installed: &mut Installed, settings: &ClientDocuments) {
    installed.client_source(Discovery::new(settings.clone()));
    installed.advertise(|metadata, _| metadata.client_id_metadata_document_supported = true);
}

/// Looks clients up by their documents.
struct Discovery {
    settings: ClientDocuments,
    named_by: NamedBy,
    /// The documents of this hour, by whoever named them.
    documents: Window,
    failures: Mutex<HashMap<String, (Timestamp, Reason)>>,
}

impl Discovery {
    fn new(mut settings: ClientDocuments) -> Self {
        settings.policy.auth_methods.retain(|method| can_be_published(*method));
        let named_by = match settings.danger_loopback {
            true => NamedBy::Operator { http_to_loopback: true },
            false => NamedBy::Stranger,
        };
        Self { settings, named_by, documents: Window::of(WINDOW_SECONDS), failures: Mutex::default() }
    }

    /// The reason of a failure a moment ago.
    fn failed(&self, id: &str, now: Timestamp) -> Option<Reason> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, reason) = failures.get(id)?;
        (now < *until).then_some(*reason)
    }

    /// Notes a failure, so that the document is not fetched for each request. Errors are not cached longer than that
    /// (Client ID Metadata Document §4.4).
    fn fail(&self, id: &str, now: Timestamp, (reason, text): Wrong) -> Reason {
        tracing::warn!(client = id, error = text, "the metadata of a client can't be used");
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= FAILURES_MAX {
            failures.clear();
        }
        failures.insert(id.to_owned(), (now + RETRY_SECONDS, reason));
        reason
    }

    /// The record of a document, with what is stored of the client before.
    async fn record(
        &self,
        server: &AuthorizationServer,
        id: &ClientId,
        fetched: Fetched,
    ) -> Result<Result<Client, Rejection>, Error> {
        let allowed = Allowed::of(&self.settings.policy, &*server.registry().resources().await?);
        let members = Requested::without_the_servers(fetched.members);
        if let Err(rejection) = lists_redirect_uris(server, &members).await {
            return Ok(Err(rejection));
        }
        let mut requested = match Requested::read(members, id, &allowed, server.settings()) {
            Ok(requested) => requested,
            Err(rejection) => return Ok(Err(rejection)),
        };
        let view = RegistryView::look(server.store(), server.accounts(), std::slice::from_ref(id)).await?;
        if let Some(stored) = view.clients.get(id) {
            requested.registration.keep_what_the_operator_set(stored);
        }
        let batch = Batch {
            clients: std::slice::from_ref(&requested.registration),
            resources: &[],
            subjects: HashSet::new(),
            deleted: HashSet::new(),
            missing_secret: MissingSecret::Refuse,
            applied: false,
        };
        let mut findings = Findings::default();
        let mut credentials = Credentials::new(server.master(), server.draws(), &view, batch);
        let client = credentials.client(&requested.registration, &mut findings);
        let Some(mut client) = client.filter(|_| findings.wrongs.is_empty()) else {
            return Ok(Err(Rejection::of(&findings.wrongs)));
        };
        let now = server.now();
        let by = Provenance::MetadataDocument { fresh_until: now + fetched.fresh_seconds };
        client.registered = match view.clients.get(id) {
            Some(stored) => Registered { by, ..stored.registered.clone() },
            None => Registered { by, at: Some(now), unused_until: Some(now + self.settings.unused_lifetime) },
        };
        Ok(Ok(client))
    }
}

#[async_trait]
impl ClientSource for Discovery {
    /// A client of the operator is not looked up, whatever its id is (Client ID Metadata Document §6.10).
    fn is_due(&self, id: &str, registered: Option<&RegisteredClient>, now: Timestamp) -> bool {
        match registered.map(|client| &client.provenance) {
            Some(Provenance::MetadataDocument { fresh_until }) => *fresh_until <= now,
            Some(_) => false,
            None => is_client_url(id, self.named_by),
        }
    }

    async fn find(
        &self,
        server: &AuthorizationServer,
        id: &str,
    ) -> Result<Option<Arc<RegisteredClient>>, Error> {
        let now = server.now();
        let known = server.registry().client(id).await?;
        if known.as_ref().is_some_and(|client| client.caller.disabled) {
            return Ok(known);
        }
        if let Some(reason) = self.failed(id, now) {
            return Err(reason.into());
        }
        let most = Most { of_block: 1, of_all: self.settings.hourly_max };
        if known.is_none() && !self.documents.admit([], most, now) {
            return Err(Reason::ClientDocumentsTooMany.into());
        }
        let Some(client_id) = ClientId::parse(id) else { return Ok(None) };
        let fetched = Fetched::fetch(server.strangers_fetch(), id).await;
        let fetched = fetched.map_err(|wrong| self.fail(id, now, wrong))?;
        let record = self
            .record(server, &client_id, fetched)
            .await?
            .map_err(|rejection| self.fail(id, now, (Reason::ClientDocumentInvalid, rejection.detail)))?;
        let expect = match record.version {
            0 => Expect::Absent,
            version => Expect::Version(version),
        };
        let put = RegistryChange::PutClient(Box::new(record), expect);
        let commit = Commit::new(now).by(Actor::Client(client_id)).with(put);
        if server.store().commit(commit).await?.is_err() {
            tracing::debug!(client = id, "another request registered it meanwhile");
        }
        Ok(server.registry().client(id).await?)
    }
}
