//! Polling: whether a deferred request was answered, and its tokens.

use protocol::{DeferredCode, Timestamp};

use crate::{
    AuthorizationServer,
    audience::{self, RequestedResources},
    context::TokenRequest,
    error::Error,
    incoming::RequestHead as _,
    ports::Standing,
    reason::Reason,
    registry::RegisteredClient,
    settle::Decision,
    store::{Commit, DeferredChange, DeferredRead, DeferredState, End, Whose, Why},
    tokens::{Issued, issue::Issue},
};

/// Which grant type redeems it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// RFC 8628 §3.4
    Device,
    /// CIBA Core 1.0 §10.1
    Ciba,
}

impl Kind {
    fn is_of(self, whose: &Whose) -> bool {
        match whose {
            Whose::Typed(_) => self == Self::Device,
            Whose::Subject(_) => self == Self::Ciba,
        }
    }
}

/// Answers a poll with this secret, `interval` seconds after the one before at the earliest.
pub(crate) async fn decide(
    server: &AuthorizationServer,
    request: &TokenRequest<'_>,
    presented: &str,
    kind: Kind,
    interval: i64,
) -> Result<Decision<Issued>, Error> {
    let handle = DeferredCode::presented(presented).ok_or(Reason::DeferredUnknown)?.handle();
    let stored = server.store().deferred(handle).await?.ok_or(Reason::DeferredUnknown)?;
    let read = stored.open(&handle).ok_or(Reason::DeferredUnknown)?;
    if let Some(grant) = &read.grant {
        request.incoming.head.note_subject(&grant.subject);
    }
    if let Err(reason) = redeem(&read, kind, &request.client, request.now) {
        let until = read.row.expires_at;
        let is_early = reason == Reason::AuthorizationPending
            && server.deferred().polls.is_early(handle.id, interval, until, request.now);
        let reason = if is_early { Reason::PollTooEarly } else { reason };
        return Ok(refusal(reason, &read, request.now));
    }
    let grant = read.grant.as_ref().ok_or(Reason::GrantEnded)?;
    match server.accounts().standing(&grant.subject).await? {
        Standing::Active => {}
        Standing::Disabled | Standing::Gone => return Err(Reason::SubjectDisabled.into()),
    }
    let wanted = RequestedResources::read(request.params.all("resource"))?;
    if wanted.0.iter().any(|resource| !grant.audience.contains(resource)) {
        return Err(Reason::ResourceNotAllowed.into());
    }
    let client = &request.client;
    let resources = server.registry().resources().await?;
    let audience = audience::approved(&resources, client, grant, &grant.scopes, &wanted)?;
    let mut commit = Commit::new(request.now).with(DeferredChange::Use(handle));
    let issue = Issue { server, client, grant, nonce: None, confirmation: request.confirmation() };
    let issued = issue.tokens(audience, &mut commit).await?;
    Ok(Decision { commit, answer: Ok(issued) })
}

/// The rules, as a function of its arguments only (RFC 8628 §3.5). The owner of the code is checked first, so that a
/// client learns nothing about another client's request.
fn redeem(read: &DeferredRead, kind: Kind, client: &RegisteredClient, now: Timestamp) -> Result<(), Reason> {
    let row = &read.row;
    if !kind.is_of(&row.whose) {
        return Err(Reason::DeferredUnknown);
    }
    if row.client != *client.id() {
        return Err(Reason::DeferredClientMismatch);
    }
    match row.state {
        DeferredState::Used(_) => Err(Reason::DeferredReused),
        DeferredState::Denied => Err(Reason::DeferredDenied),
        _ if row.expires_at <= now => Err(Reason::DeferredExpired),
        DeferredState::Waiting => Err(Reason::AuthorizationPending),
        DeferredState::Approved(_) if read.ended.is_some() || read.grant.is_none() => Err(Reason::GrantEnded),
        DeferredState::Approved(_) => Ok(()),
    }
}

/// A second redemption ends the grant, as that of a code does (RFC 6749 §4.1.2): either the first answer was lost, and
/// nobody can use its tokens, or somebody else has them.
fn refusal(reason: Reason, read: &DeferredRead, now: Timestamp) -> Decision<Issued> {
    let mut decision = Decision::refuse(now, reason);
    if let (Reason::DeferredReused, Some(grant), None) = (reason, &read.grant, read.ended) {
        decision.commit.push(End::grant(grant, Why::CodeReplayed));
    }
    decision
}

#[cfg(test)]
mod tests {
    use protocol::{ClientId, ClientMetadata, GrantId, Scopes, Subject, UserCode};

    use super::*;
    use crate::store::{Client, Deferred, Ended, Grant};

    fn client(id: &str) -> RegisteredClient {
        RegisteredClient::read(Client::of(id, ClientMetadata::default()))
    }

    fn read(state: DeferredState) -> DeferredRead {
        let row = Deferred {
            whose: Whose::Typed(UserCode::stored("WDJBMJHT")),
            client: ClientId::new("tv"),
            scopes: Scopes::stored("openid"),
            audience: vec![],
            narrowed: false,
            facts: "{}".into(),
            asked_at: Timestamp(0),
            expires_at: Timestamp(600),
            state,
        };
        let grant = Grant {
            id: GrantId(1),
            subject: Subject::new("alice"),
            client: ClientId::new("tv"),
            session: None,
            offline: false,
            scopes: Scopes::stored("openid"),
            audience: vec![],
            narrowed: false,
            details: None,
            authenticated_at: Timestamp(1),
            amr: "pwd".into(),
            approved_at: Timestamp(1),
            expires_at: Timestamp(9_000),
        };
        DeferredRead { row, grant: Some(grant), ended: None }
    }

    #[test]
    fn each_state_of_a_request_has_its_answer() {
        let (approved, used) = (DeferredState::Approved(GrantId(1)), DeferredState::Used(GrantId(1)));
        let verdict = |state, now| redeem(&read(state), Kind::Device, &client("tv"), Timestamp(now));
        for (state, now, expected) in [
            (DeferredState::Waiting, 599, Err(Reason::AuthorizationPending)),
            (DeferredState::Waiting, 600, Err(Reason::DeferredExpired)),
            (DeferredState::Denied, 599, Err(Reason::DeferredDenied)),
            (DeferredState::Denied, 601, Err(Reason::DeferredDenied)),
            (approved, 599, Ok(())),
            (approved, 600, Err(Reason::DeferredExpired)),
            (used, 599, Err(Reason::DeferredReused)),
            (used, 601, Err(Reason::DeferredReused)),
        ] {
            assert_eq!(verdict(state, now), expected, "{state:?} at {now}");
        }
        let now = Timestamp(1);
        let other = redeem(&read(used), Kind::Device, &client("other"), now);
        assert_eq!(other, Err(Reason::DeferredClientMismatch));
        assert_eq!(redeem(&read(approved), Kind::Ciba, &client("tv"), now), Err(Reason::DeferredUnknown));
        let ended = DeferredRead { ended: Some(Ended::Grant), ..read(approved) };
        assert_eq!(redeem(&ended, Kind::Device, &client("tv"), now), Err(Reason::GrantEnded));
        let swept = DeferredRead { grant: None, ..read(approved) };
        assert_eq!(redeem(&swept, Kind::Device, &client("tv"), now), Err(Reason::GrantEnded));
    }
}
