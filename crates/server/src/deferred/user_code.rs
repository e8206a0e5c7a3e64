//! The page where a user types the code of a device (RFC 8628 §3.3).

use http::request::Parts;
use protocol::UserCode;

use super::Rate;
use crate::{
    AuthorizationServer,
    answer::Answer,
    error::Error,
    incoming::RequestHead as _,
    origin::Origin,
    pause::{PendingDeferred, pause, same_site},
    reason::Reason,
    session,
    store::DeferredState,
};

impl AuthorizationServer {
    /// A user typed this code: the browser goes on to sign in, and then to the page that asks for confirmation
    /// ([`Ask::Confirm`](crate::Ask::Confirm)). Nothing is approved by the code itself (RFC 8628 §3.3.1, RFC 10027).
    ///
    /// Wrong codes are counted by address and by account (RFC 8628 §5.1):
    /// [`WRONG_USER_CODES_PER_HOUR_MAX`](protocol::limits::WRONG_USER_CODES_PER_HOUR_MAX).
    ///
    /// # Errors
    /// [`Reason::UserCodeUnknown`] where no request with this code waits: the page asks again.
    /// [`Reason::UserCodesTooMany`], [`Reason::FormCrossSite`], [`Reason::HostMismatch`], and those of the store.
    pub async fn enter_user_code(&self, head: &Parts, typed: &str) -> Result<Answer, Error> {
        head.check_host(self.settings())?;
        same_site(head, self.settings())?;
        let code = UserCode::parse(typed).ok_or(Reason::UserCodeUnknown)?;
        let signed_in = session::current(self, &head.headers).await?;
        let mut counted: Vec<Rate> =
            Origin::of(&head.extensions).counted().map(Rate::CodesOfAddress).collect();
        counted.extend(
            signed_in.iter().map(|signed_in| Rate::CodesOfSubject(signed_in.session.subject.clone())),
        );
        let now = self.now();
        // Counted before it is looked up, so that concurrent guesses are no more than consecutive ones.
        if !self.deferred().rates.take(&counted, now) {
            return Err(Reason::UserCodesTooMany.into());
        }
        let found = self.store().deferred_by_user_code(&code).await?;
        let waits = found.is_some_and(|(_, row)| row.state == DeferredState::Waiting && now < row.expires_at);
        if !waits {
            return Err(Reason::UserCodeUnknown.into());
        }
        self.deferred().rates.give_back(&counted);
        pause(self, head, PendingDeferred::typed(code, signed_in.is_some()), signed_in.as_ref()).await
    }
}
