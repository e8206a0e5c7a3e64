//! What clients ask a user for from elsewhere: the list on the user's own page.

use http::request::Parts;
use protocol::{DeferredId, Timestamp, limits};

use super::facts::DeferredFacts;
use crate::{
    AuthorizationServer,
    answer::Answer,
    error::Error,
    incoming::RequestHead as _,
    pause::{PendingDeferred, pause},
    session,
};

/// A request that waits for the user who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingRequest {
    /// Its id, for [`AuthorizationServer::answer_request`].
    pub id: DeferredId,
    /// What its client calls itself, or its id.
    pub client_name: String,
    /// What the client shows its user, too (CIBA Core 1.0 §7.1).
    pub binding_message: Option<String>,
    /// When it was sent.
    pub asked_at: Timestamp,
}

impl AuthorizationServer {
    /// What waits for the user who is signed in in this browser, the oldest first; `None` if nobody is.
    ///
    /// # Errors
    /// [`Reason::HostMismatch`](crate::Reason::HostMismatch), and those of the store.
    pub async fn waiting_requests(&self, head: &Parts) -> Result<Option<Vec<WaitingRequest>>, Error> {
        head.check_host(self.settings())?;
        let Some(signed_in) = session::current(self, &head.headers).await? else { return Ok(None) };
        let subject = &signed_in.session.subject;
        let found =
            self.store().list_deferred(subject, self.now(), limits::USER_REQUESTS_WAITING_MAX).await?;
        let mut waiting = Vec::with_capacity(found.len());
        for (id, row) in found {
            let client = self.registry().client(row.client.as_str()).await?;
            let name = client.and_then(|client| client.metadata.client_name.clone());
            let facts = DeferredFacts::read(&row)?;
            waiting.push(WaitingRequest {
                id,
                client_name: name.unwrap_or_else(|| row.client.to_string()),
                binding_message: facts.binding_message,
                asked_at: row.asked_at,
            });
        }
        Ok(Some(waiting))
    }

    /// Goes on to the page that asks for confirmation of this request ([`Ask::Confirm`](crate::Ask::Confirm)).
    /// Nothing is approved by this; whoever is not its user is told that there is none.
    ///
    /// # Errors
    /// [`Reason::HostMismatch`](crate::Reason::HostMismatch), and those of the store.
    pub async fn answer_request(&self, head: &Parts, id: DeferredId) -> Result<Answer, Error> {
        head.check_host(self.settings())?;
        let signed_in = session::current(self, &head.headers).await?;
        let subject = signed_in.as_ref().map(|signed_in| signed_in.session.subject.clone());
        pause(self, head, PendingDeferred::named(id, subject), signed_in.as_ref()).await
    }
}
